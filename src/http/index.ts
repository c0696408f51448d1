export { createApp, type Routes } from "./app.ts";
export { checkDeclaredSize, checkIsPlain, readJsonBody } from "./body.ts";
export { ifNoneMatchHolds, ifRangeHolds } from "./conditional.ts";
export type { App, AppContext } from "./env.ts";
export { preconditionOf } from "./precondition.ts";
export { serve } from "./serve.ts";
