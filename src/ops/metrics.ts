import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { QuickHistogram } from "./quick-histogram.ts";

export type Metrics = ReturnType<typeof createMetrics>;

/**
 * The sizes of V8's heap spaces. Bun has none, and walks through its whole heap to say so: each reading of the metrics
 * would hold up every request for as long as that takes, 50 ms for a heap of 400,000 objects.
 */
const COSTLY = ["total", "used", "available"].map((which) => `nodejs_heap_space_size_${which}_bytes`);

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const PUBLISH_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const UPLOAD_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800];
const UPLOAD_BYTES = [1e3, 1e4, 1e5, 1e6, 4e6, 1.6e7, 6.4e7, 2.56e8, 1.024e9];

/**
 * Every metric that docs/operating.md lists, by the names that dashboards rely on. Labels are bounded: patterns, never
 * names.
 */
export function createMetrics(version: string) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  for (const name of COSTLY) registry.removeSingleMetric(name);
  new Gauge({
    name: "iot_build_info",
    help: "The running version, as a label",
    labelNames: ["version"],
    registers,
  }).set({ version }, 1);

  return {
    registry,
    configOperations: new Counter({
      name: "iot_config_operations_total",
      help: "Operations on configs",
      labelNames: ["operation", "status"],
      registers,
    }),
    configOperationDuration: new QuickHistogram({
      name: "iot_config_operation_duration_seconds",
      help: "Time an operation on configs took",
      labelNames: ["operation"],
      buckets: REQUEST_SECONDS,
      register: registry,
    }),
    assetUploads: new Counter({
      name: "iot_asset_upload_requests_total",
      help: "Uploads of assets, by how they ended",
      labelNames: ["status", "error_type"],
      registers,
    }),
    assetUploadDuration: new Histogram({
      name: "iot_asset_upload_duration_seconds",
      help: "Time an upload took, from its head to its answer",
      buckets: UPLOAD_SECONDS,
      registers,
    }),
    assetUploadFileSize: new Histogram({
      name: "iot_asset_upload_file_size_bytes",
      help: "Sizes of stored uploads",
      buckets: UPLOAD_BYTES,
      registers,
    }),
    signatureVerificationDuration: new Histogram({
      name: "iot_asset_upload_signature_verification_duration_seconds",
      help: "Time the check of an upload's signature took",
      buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05],
      registers,
    }),
    uploadClockSkew: notANumberYet(
      new Gauge({
        name: "iot_upload_clock_skew_seconds",
        help: "How far the timestamp of the last rightly signed upload was ahead of our clock; below 0, behind",
        registers,
      }),
    ),
    mqttPublish: new Counter({
      name: "iot_mqtt_publish_total",
      help: "Announcements published, by whether the broker acknowledged them",
      labelNames: ["topic", "status"],
      registers,
    }),
    mqttPublishDuration: new QuickHistogram({
      name: "iot_mqtt_publish_duration_seconds",
      help: "Time from PUBLISH to PUBACK",
      labelNames: ["topic"],
      buckets: PUBLISH_SECONDS,
      register: registry,
    }),
    announcementDelay: new Histogram({
      name: "iot_announcement_delay_seconds",
      help: "Time from the commit of a change to the PUBACK of its announcement, from the oldest of several in one",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30, 120, 600, 3600],
      registers,
    }),
    pickupDelay: new Histogram({
      name: "iot_pickup_delay_seconds",
      help: "Time from the commit of a change to a device's complete fetch of it",
      buckets: [0.1, 0.5, 1, 5, 30, 120, 600, 3_600, 21_600, 86_400, 604_800],
      registers,
    }),
    pickupsDropped: new Counter({
      name: "iot_pickups_dropped_total",
      help: "Sightings of devices that were too many to keep",
      registers,
    }),
    httpRequestDuration: new QuickHistogram({
      name: "iot_http_request_duration_seconds",
      help: "Time from a request's head to its answer",
      labelNames: ["method", "route", "status"],
      buckets: REQUEST_SECONDS,
      register: registry,
    }),
  };
}

/** A gauge that nothing has set says so, and not 0. */
function notANumberYet(gauge: Gauge): Gauge {
  gauge.set(Number.NaN);
  return gauge;
}
