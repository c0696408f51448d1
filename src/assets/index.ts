export type { UploadRules } from "./arrived.ts";
export { Collector } from "./collector.ts";
export { parseFileName } from "./file-name.ts";
export { assetOperations } from "./operations.ts";
export { assetRoutes } from "./routes.ts";
export { readVerifyingKey } from "./verify.ts";
