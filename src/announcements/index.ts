export { Broker } from "./broker.ts";
export { topicOf } from "./message.ts";
export { Relay } from "./relay.ts";
