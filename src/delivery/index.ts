export { deliveryOperations } from "./operations.ts";
export { deliveryRoutes } from "./routes.ts";
