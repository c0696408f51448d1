export { fleetAudience } from "./audience.ts";
export { macIn } from "./device-identity.ts";
export { fleetOperations } from "./operations.ts";
export { Reannouncer } from "./reannouncer.ts";
export { Recorder } from "./recorder.ts";
export { fleetRoutes } from "./routes.ts";
export { SocketDiagnosis } from "./socket-diagnosis.ts";
export { fleetWitness } from "./witness.ts";
