import { describe, expect, test } from "bun:test";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { startLink } from "../support/link.ts";
import { metricOf } from "../support/metrics.ts";
import { startTestService } from "../support/service.ts";

const [PORCH, CELLAR] = ["aa-bb-cc-dd-ee-01", "aa-bb-cc-dd-ee-02"];
const MINUTE_MS = 60_000;

describe("a service's gauges", () => {
  test("show how long the oldest announcement waits, however often its file is saved, and 0 when none does", async () => {
    let nowMs = Date.now();
    await using broker = await startBroker();
    await using link = await startLink(broker);
    await using service = await startTestService({ mqtt: link.mqtt }, () => new Date(nowMs));
    const oldest = () => metricOf(service, "iot_announcements_oldest_seconds");
    expect(await oldest()).toBe(0);
    await link.cut();
    await service.saveConfig(PORCH, {});
    nowMs += 4 * MINUTE_MS;
    await service.saveConfig(CELLAR, {});
    await service.saveConfig(PORCH, {});
    nowMs += MINUTE_MS;
    expect(await oldest()).toBe(300);
    await link.restore();
    await until("both are announced", async () => (await service.health()).pending_announcements === 0);
    expect(await oldest()).toBe(0);
    expect(await metricOf(service, "iot_announcement_delay_seconds_sum")).toBe(300 + 60);
  });

  test("do not run backwards with a clock that is set back", async () => {
    let nowMs = Date.now();
    await using service = await startTestService({ mqtt: NOWHERE }, () => new Date(nowMs));
    await service.saveConfig(PORCH, {});
    nowMs -= 60 * MINUTE_MS;
    expect(await metricOf(service, "iot_announcements_oldest_seconds")).toBe(0);
  });

  test("show the store's health, and the room that it has", async () => {
    await using service = await startTestService();
    expect(await metricOf(service, "iot_store_healthy")).toBe(1);
    const free = await metricOf(service, "iot_store_free_bytes");
    expect(free).toBeGreaterThan(0);
    expect(await metricOf(service, "iot_store_size_bytes")).toBeGreaterThan(free);
  });
});

/** Nothing listens there. */
const NOWHERE = { url: "mqtt://127.0.0.1:1", username: "nobody", password: "none" };
