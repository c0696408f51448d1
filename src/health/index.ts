export { type Condition, healthRoutes } from "./routes.ts";
