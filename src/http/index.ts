export { createApp, type Routes } from "./app.ts";
export { checkDeclaredSize, checkIsPlain, readJsonBody } from "./body.ts";
export { ifNoneMatchHolds, ifRangeHolds } from "./conditional.ts";
export { docsRoutes } from "./docs.ts";
export type { AppContext } from "./env.ts";
export { ifMatch, ifNoneMatch, type Operations, type Parameter } from "./operation.ts";
export { preconditionOf } from "./precondition.ts";
export { serve } from "./serve.ts";
