export { type Log, openLog } from "./log.ts";
export { addGauges, createMetrics, type Metrics } from "./metrics.ts";
