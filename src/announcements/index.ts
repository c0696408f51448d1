export { Broker } from "./broker.ts";
export { Relay } from "./relay.ts";
