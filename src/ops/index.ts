export { createLog, type Log } from "./log.ts";
export { addGauges, createMetrics, type Metrics } from "./metrics.ts";
