export { revisionOperations } from "./operations.ts";
export { revisionRoutes } from "./routes.ts";
