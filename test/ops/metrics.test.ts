import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { addGauges, createMetrics, type Readings } from "../../src/ops/index.ts";
import { rowsOf, sectionOf } from "../docs/markdown.ts";
import { readText } from "../support/metrics.ts";

/** The contract's names and those that the alerts need besides, with their labels: what dashboards are built on. */
const CONTRACT: Readonly<Record<string, readonly string[]>> = {
  iot_config_operations_total: ["operation", "status"],
  iot_config_files_count: [],
  iot_config_operation_duration_seconds: [],
  iot_asset_upload_requests_total: ["status", "error_type"],
  iot_asset_upload_duration_seconds: [],
  iot_asset_upload_file_size_bytes: [],
  iot_asset_upload_signature_verification_duration_seconds: [],
  iot_mqtt_publish_total: ["topic", "status"],
  iot_mqtt_publish_duration_seconds: ["topic"],
  iot_mqtt_connection_state: [],
  iot_mqtt_enabled: [],
  iot_announcements_pending: [],
  iot_announcements_oldest_seconds: [],
  iot_announcement_delay_seconds: [],
  iot_fleet_devices: ["state"],
  iot_pickup_delay_seconds: [],
  iot_pickups_dropped_total: [],
  iot_http_request_duration_seconds: ["method", "route", "status"],
  iot_build_info: ["version"],
  iot_store_healthy: [],
  iot_store_free_bytes: [],
  iot_store_size_bytes: [],
  iot_upload_clock_skew_seconds: [],
};

const readings: Readings = {
  configFiles: async () => 0,
  pendingAnnouncements: async () => 0,
  oldestAnnouncementSeconds: async () => 0,
  fleetStates: async () => ({ told: 2 }),
  mqttEnabled: () => false,
  mqttConnected: () => false,
  storeHealthy: () => true,
  storeSpace: async () => ({ freeBytes: 0, sizeBytes: 0 }),
};

describe("the metrics", () => {
  test("are all of the contract's, by name and labels, beside the runtime's own", async () => {
    const exported = await text();
    for (const [name, labels] of Object.entries(CONTRACT)) {
      const sample =
        exported.split("\n").find((line) => new RegExp(`^${name}(_count)?[{ ]`).test(line)) ?? "";
      const found = [...sample.matchAll(/(\w+)="/g)].map(([, label]) => label ?? "");
      expect([name, found.toSorted()]).toEqual([name, expect.arrayContaining(labels.toSorted())]);
      expect(sample).not.toBe("");
      expect(exported).toContain(`# HELP ${name} `);
    }
    expect(exported).toContain("process_resident_memory_bytes");
  });

  test("are no others than the contract's", async () => {
    const names = [...(await text()).matchAll(/^# TYPE (iot_\w+) /gm)].map(([, name]) => name ?? "");
    expect(names.toSorted()).toEqual(Object.keys(CONTRACT).toSorted());
  });

  test("are read without a walk through the heap, which would hold up every request", async () => {
    const { registry } = createMetrics("1");
    const names = registry.getMetricsAsArray().map(({ name }) => name);
    expect(names).toContain("nodejs_heap_size_used_bytes");
    expect(names.filter((name) => name.startsWith("nodejs_heap_space"))).toEqual([]);
  });

  test("are told of in docs/operating.md, with their labels", async () => {
    const page = await Bun.file(join(import.meta.dir, "../../docs/operating.md")).text();
    const told = rowsOf(sectionOf(page, "## Metrics")).flatMap(([names = "", labels = ""]) =>
      names.split(", ").map((name) => [name, labels === "" ? [] : labels.split(", ")] as const),
    );
    const exported = readText(await text()).filter(({ name }) => name.startsWith("iot_"));
    const labelsOf = (metric: string) =>
      exported.find(({ name }) => [metric, `${metric}_count`].includes(name))?.labels ?? {};
    const names = [...(await text()).matchAll(/^# TYPE (iot_\w+) /gm)].map(([, name]) => name ?? "");
    expect(Object.fromEntries(told)).toEqual(
      Object.fromEntries(names.map((name) => [name, Object.keys(labelsOf(name))])),
    );
  });

  test("are counted per service: one begun anew begins at nothing", async () => {
    const first = createMetrics("1");
    first.mqttPublish.inc({ topic: "t", status: "success" });
    expect(await createMetrics("1").registry.metrics()).not.toContain("iot_mqtt_publish_total{");
  });

  test("show what is looked up as it is when they are read", async () => {
    const metrics = createMetrics("1.2.3");
    let configs = 3;
    let connected = false;
    addGauges(metrics, {
      ...readings,
      configFiles: async () => configs,
      pendingAnnouncements: async () => 7,
      oldestAnnouncementSeconds: async () => 1.5,
      mqttEnabled: () => true,
      mqttConnected: () => connected,
      storeSpace: async () => ({ freeBytes: 100, sizeBytes: 400 }),
    });
    const before = await metrics.registry.metrics();
    expect(before).toContain("\niot_config_files_count 3\n");
    expect(before).toContain("\niot_announcements_pending 7\n");
    expect(before).toContain("\niot_announcements_oldest_seconds 1.5\n");
    expect(before).toContain(`\niot_fleet_devices{state="told"} 2\n`);
    expect(before).toContain("\niot_store_healthy 1\n");
    expect(before).toContain("\niot_store_free_bytes 100\n");
    expect(before).toContain("\niot_store_size_bytes 400\n");
    expect(before).toContain("\niot_mqtt_enabled 1\n");
    expect(before).toContain("\niot_mqtt_connection_state 0\n");
    expect(before).toContain(`\niot_build_info{version="1.2.3"} 1\n`);
    configs = 4;
    connected = true;
    const after = await metrics.registry.metrics();
    expect(after).toContain("\niot_config_files_count 4\n");
    expect(after).toContain("\niot_mqtt_connection_state 1\n");
  });
});

/** All of them, each with a sample. */
async function text(): Promise<string> {
  const metrics = createMetrics("1.2.3");
  addGauges(metrics, readings);
  metrics.configOperations.inc({ operation: "save", status: "success" });
  metrics.configOperationDuration.observe({ operation: "save" }, 0.1);
  metrics.assetUploads.inc({ status: "error", error_type: "signature" });
  metrics.mqttPublish.inc({ topic: "t", status: "failure" });
  metrics.mqttPublishDuration.observe({ topic: "t" }, 0.1);
  metrics.httpRequestDuration.observe({ method: "GET", route: "/", status: 200 }, 0.1);
  return await metrics.registry.metrics();
}
