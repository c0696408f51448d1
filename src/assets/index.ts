export type { UploadRules } from "./arrived.ts";
export { Collector } from "./collector.ts";
export { parseFileName } from "./file-name.ts";
export { type AssetParts, assetRoutes } from "./routes.ts";
export { readVerifyingKey } from "./verify.ts";
