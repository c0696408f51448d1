import { beforeAll, describe, expect, test } from "bun:test";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { metricsOf, type Sample } from "../support/metrics.ts";
import { startTestService } from "../support/service.ts";
import { alerts } from "./alert-files.ts";
import { dashboardQueries } from "./dashboard-files.ts";
import { namedIn } from "./promql.ts";

/** What Prometheus adds to each of a target's samples, and what it makes itself. */
const TARGET_LABELS = ["job", "instance"];
const OF_PROMETHEUS: readonly Sample[] = [
  { name: "up", labels: {}, value: 1 },
  { name: "ALERTS", labels: { alertname: "", alertstate: "" }, value: 1 },
];

let exported: readonly Sample[];

beforeAll(async () => {
  exported = [...OF_PROMETHEUS, ...(await metricsAfterOneOfEach())];
});

const queries = [
  ...alerts.map(({ alert, expr }) => [`the alert ${alert}`, expr] as const),
  ...dashboardQueries.map(({ of, expr }) => [of, expr] as const),
];

describe("what is asked for by name is exported by a service that runs", () => {
  test.each(queries)("in %s: %s", (_, query) => {
    const { metrics, labels } = namedIn(query);
    expect(metrics.length).toBeGreaterThan(0);
    for (const { name, labels: asked } of metrics) {
      const samples = exported.filter((sample) => sample.name === name);
      expect([name, samples.length > 0]).toEqual([name, true]);
      const known = new Set([...TARGET_LABELS, ...samples.flatMap((sample) => Object.keys(sample.labels))]);
      expect([name, asked.filter((label) => !known.has(label))]).toEqual([name, []]);
    }
    const known = new Set([...TARGET_LABELS, ...labelsOf(metrics.map(({ name }) => name))]);
    expect(labels.filter((label) => !known.has(label))).toEqual([]);
  });
});

function labelsOf(names: readonly string[]): string[] {
  return exported.filter(({ name }) => names.includes(name)).flatMap(({ labels }) => Object.keys(labels));
}

/** Of a service to which everything has happened once: a labelled metric shows only then. */
async function metricsAfterOneOfEach(): Promise<readonly Sample[]> {
  await using broker = await startBroker();
  await using service = await startTestService({ mqtt: broker.mqtt });
  await service.saveConfig("aa-bb-cc-dd-ee-ff", {});
  await service.uploadAsset("a.bin", "bytes");
  await service.tryToUpload({ name: "a.bin", bytes: "bytes", signature: "" });
  await service.fetchConfig("aa-bb-cc-dd-ee-ff");
  await until("all is announced", async () => (await service.health()).pending_announcements === 0);
  return await metricsOf(service);
}
