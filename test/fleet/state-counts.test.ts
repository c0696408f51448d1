import { expect, test } from "bun:test";
import { pino } from "pino";
import { StateCounts } from "../../src/fleet/index.ts";
import { openSqliteStore } from "../../src/store/index.ts";
import { macOf, openStoreUnderTest } from "../store/store-under-test.ts";
import { until } from "../support/deadline.ts";
import { metricOf } from "../support/metrics.ts";
import { startTestService } from "../support/service.ts";

const quiet = pino({ level: "silent" });

test("the metric tells of every state, also of those in which no device is", async () => {
  await using service = await startTestService();
  await service.saveConfig(macOf(1), {});
  await service.saveConfig(macOf(2), {});
  await service.fetchConfig(macOf(2));
  await until("it was seen", async () => {
    const answer = await (await service.request("GET", "/api/devices?state=fetched")).json();
    return (answer as { count: number }).count === 1;
  });
  expect(await metricOf(service, "iot_fleet_devices", { state: "waiting" })).toBe(1);
  expect(await metricOf(service, "iot_fleet_devices", { state: "fetched" })).toBe(1);
  expect(await metricOf(service, "iot_fleet_devices", { state: "looping" })).toBe(0);
});

test("what was counted a moment ago is not counted again, however many ask", async () => {
  await using opened = await openStoreUnderTest(async (options) => openSqliteStore(options));
  await opened.saved(macOf(1));
  const counts = new StateCounts(opened.store.fleet, quiet, opened.now);
  const [first, second] = await Promise.all([counts.read(), counts.read()]);
  expect(first).toEqual(second);
  expect(first["waiting"]).toBe(1);
  await opened.saved(macOf(2));
  expect((await counts.read())["waiting"]).toBe(1);
});

test("a store that does not answer keeps nobody waiting", async () => {
  await using opened = await openStoreUnderTest(async (options) => openSqliteStore(options));
  const counts = new StateCounts(opened.store.fleet, quiet, opened.now);
  opened.store.fleet.countStates = () => new Promise(() => {});
  const began = performance.now();
  expect((await counts.read())["waiting"]).toBeNaN();
  expect(performance.now() - began).toBeLessThan(5_000);
});
