export { openSqliteStore } from "./sqlite/open.ts";
export { StoreOpenError } from "./sqlite/store-open-error.ts";
export type * from "./store.ts";
export { contentETag, etagOf } from "./store.ts";
