export { firmwareOperations } from "./operations.ts";
export { firmwareRoutes } from "./routes.ts";
