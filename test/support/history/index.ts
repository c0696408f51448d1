export { backedUp } from "./backed-up.ts";
export { HistoryLog } from "./history-log.ts";
export type { LoggedClient } from "./logged-client.ts";
export { randomLoad } from "./random-load.ts";
export { assetOf, configOf, newVersion } from "./versions.ts";
