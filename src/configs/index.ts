export { parseMac } from "./mac.ts";
export { type ConfigParts, configRoutes } from "./routes.ts";
