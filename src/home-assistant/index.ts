export { Publisher, will } from "./publisher.ts";
