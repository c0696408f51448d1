/** The data directory cannot be used as it is; the message says why and what to do. Nothing was changed in it. */
export class StoreOpenError extends Error {
  override readonly name = "StoreOpenError";
}
