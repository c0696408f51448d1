export { Broker, type Publication, type PublishOutcome } from "./broker.ts";
export { Relay } from "./relay.ts";
export type { DeviceTopics } from "./telling.ts";
