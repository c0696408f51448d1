import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { damageDatabase } from "../support/damage.ts";
import { until } from "../support/deadline.ts";
import { startLink } from "../support/link.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { tempDir } from "../support/temp-dir.ts";

const PORCH = "aa-bb-cc-dd-ee-ff";

describe("health says of the broker", () => {
  test("that it is connected, and no more", async () => {
    await using broker = await startBroker();
    await using service = await startTestService({ mqtt: broker.mqtt });
    await mqttIs("connected", service);
    expect(await service.health()).toEqual({
      status: "healthy",
      mqtt: "connected",
      pending_announcements: 0,
    });
  });

  test("that it refuses us, and why, without what we said to it", async () => {
    await using broker = await startBroker();
    await using service = await startTestService({ mqtt: { ...broker.mqtt, password: "hunter2" } });
    await reasonIs("refused: not authorized", service);
    const text = await (await service.request("GET", "/api/health")).text();
    expect(JSON.parse(text)).toMatchObject({ status: "healthy", mqtt: "disconnected" });
    expect(text).not.toMatch(/hunter2|127\.0\.0\.1/);
    await broker.changePassword("hunter2");
    await mqttIs("connected", service);
    expect(await service.health()).not.toHaveProperty("mqtt_reason");
  });

  test("that it cannot be reached, though it could before", async () => {
    await using broker = await startBroker();
    await using link = await startLink(broker);
    await using service = await startTestService({ mqtt: link.mqtt });
    await mqttIs("connected", service);
    await link.cut();
    await reasonIs("unreachable: ECONNREFUSED", service);
    await link.restore();
    await mqttIs("connected", service);
    expect(await service.health()).not.toHaveProperty("mqtt_reason");
  });

  test("that it does not answer", async () => {
    await using broker = await startBroker();
    await using link = await startLink(broker);
    link.goDeaf();
    await using service = await startTestService({ mqtt: link.mqtt });
    await reasonIs("no answer", service);
  });

  test("that it takes us but not our announcements, until it does", async () => {
    await using broker = await startBroker();
    await broker.allowTopics("assets");
    await using service = await startTestService({ mqtt: broker.mqtt });
    await service.saveConfig(PORCH, {});
    await reasonIs("refused: announcements on iotsupport/updates/configs; check its access control", service);
    expect(await service.health()).toMatchObject({ mqtt: "connected", pending_announcements: 1 });
    await broker.allowTopics("#");
    await until("nothing waits", async () => (await service.health()).pending_announcements === 0);
    expect(await service.health()).not.toHaveProperty("mqtt_reason");
  });

  test("that there is none", async () => {
    await using service = await startTestService();
    expect(await service.health()).toEqual({ status: "healthy", mqtt: "disabled", pending_announcements: 0 });
  });
});

async function mqttIs(state: string, service: TestService): Promise<void> {
  await until(`mqtt: ${state}`, async () => (await service.health()).mqtt === state);
}

async function reasonIs(reason: string, service: TestService): Promise<void> {
  await until(`mqtt_reason: ${reason}`, async () => (await service.health()).mqtt_reason === reason, 10_000);
}

describe("where the database cannot be read", () => {
  test("health says so, it is not ready, and the metrics tell all else", async () => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "data");
    await (await startTestService({ dataDir }))[Symbol.asyncDispose]();
    await using service = await startTestService({ dataDir });
    await damageDatabase(dataDir);
    const health = await service.request("GET", "/api/health");
    expect(health.status).toBe(503);
    expect(await health.json()).toEqual({
      status: "unhealthy",
      reason: "the database cannot be read",
      mqtt: "disabled",
      pending_announcements: null,
    });
    expect((await service.request("GET", "/api/health/ready")).status).toBe(503);
    expect((await service.request("GET", "/api/health/live")).status).toBe(200);
    const metrics = await (await service.request("GET", "/metrics")).text();
    expect(metrics).toMatch(/^iot_store_healthy 0$/m);
    expect(metrics).toMatch(/^iot_announcements_pending nan$/im);
  });
});
