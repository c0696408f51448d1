export { Disk } from "./disk-space.ts";
export { addGauges, type Readings } from "./gauges.ts";
export { type Log, openLog } from "./log.ts";
export { createMetrics, type Metrics } from "./metrics.ts";
