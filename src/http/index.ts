export { createApp, type Routes } from "./app.ts";
export { arrivalOf } from "./arrival.ts";
export { checkDeclaredSize, checkIsPlain, readJsonBody } from "./body.ts";
export { ifNoneMatchHolds, ifRangeHolds } from "./conditional.ts";
export { docsRoutes } from "./docs.ts";
export type { App, AppContext, HttpListener } from "./env.ts";
export { jsonList } from "./json-list.ts";
export { noteAnswer } from "./note-answer.ts";
export {
  filenameInPath,
  ifMatch,
  ifNoneMatch,
  macInPath,
  type Operation,
  type Operations,
  type Parameter,
} from "./operation.ts";
export { checkIfMatch, otherVersion, preconditionOf } from "./precondition.ts";
export { readJson } from "./read-json.ts";
export { readQuery } from "./read-query.ts";
export { parseRevision, RevisionNumber } from "./revision-number.ts";
export { RollbackBody, readRollback } from "./rollback.ts";
export { type ShortWay, serve } from "./serve.ts";
export { namesOneHost } from "./target.ts";
