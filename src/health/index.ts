export { healthOperations } from "./operations.ts";
export { type Condition, healthRoutes } from "./routes.ts";
export { StoreWatch } from "./store-watch.ts";
