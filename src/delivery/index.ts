export { type Audience, askOf } from "./ask.ts";
export { Delivery } from "./delivery.ts";
export { deliveryOperations } from "./operations.ts";
export { deliveryRoutes } from "./routes.ts";
export { shortWay } from "./short-way.ts";
