export { HistoryLog } from "./history-log.ts";
export { randomLoad } from "./random-load.ts";
export { assetOf, newVersion } from "./versions.ts";
