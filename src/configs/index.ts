export { configOf } from "./config.ts";
export { readContent } from "./content.ts";
export { parseMac } from "./mac.ts";
export { configOperations } from "./operations.ts";
export { configRoutes } from "./routes.ts";
