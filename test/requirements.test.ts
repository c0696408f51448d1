import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startBroker } from "./support/broker.ts";
import { until } from "./support/deadline.ts";
import { startTestService } from "./support/service.ts";
import { environment, startServiceProcess } from "./support/service-process.ts";
import { tempDir } from "./support/temp-dir.ts";

// What this service was first asked for: announcements over MQTT of what is saved and uploaded. Each is seen by an
// independent subscriber of a real broker with passwords, but for 7, in which there is no broker.

const CONFIGS = "iotsupport/updates/configs";
const ASSETS = "iotsupport/updates/assets";
const PORCH = "aa-bb-cc-dd-ee-01";
const CELLAR = "aa-bb-cc-dd-ee-02";

test("requirement 1: a config save publishes to iotsupport/updates/configs", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe(CONFIGS);
  await using service = await startTestService({ mqtt: broker.mqtt });
  const { revision } = await service.saveConfig("AA:BB:CC:DD:EE:01", { deviceName: "porch" });
  expect(await announced.nextMessage()).toMatchObject({
    payload: `{"filename":"${PORCH}.json"}`,
    payloadFormat: true,
    contentType: "application/json",
    revision: `${revision}`,
  });
  expect(await announced.upToNow()).toEqual([]);
});

test("requirement 2: an asset upload publishes to iotsupport/updates/assets", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe(ASSETS);
  await using service = await startTestService({ mqtt: broker.mqtt });
  const { revision } = await service.uploadAsset("Küche 1.bin", "bytes");
  expect(await announced.nextMessage()).toMatchObject({
    payload: `{"filename":"Küche 1.bin"}`,
    payloadFormat: true,
    contentType: "application/json",
    revision: `${revision}`,
  });
  expect(await announced.upToNow()).toEqual([]);
});

test("requirement 3: a config delete announces nothing", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe("iotsupport/updates/#");
  await using service = await startTestService({ mqtt: broker.mqtt });
  await service.saveConfig(PORCH, {});
  expect(await announced.next()).toEqual({ filename: `${PORCH}.json` });
  await service.deleteConfig(PORCH);
  await service.saveConfig(CELLAR, {}); // What the delete announced would come before this.
  expect(await announced.next()).toEqual({ filename: `${CELLAR}.json` });
  expect(await announced.upToNow()).toEqual([]);
});

test("requirement 4: the environment says where the broker is and with which account", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe(CONFIGS);
  await using dir = await tempDir();
  const passwordFile = join(dir.path, "password");
  await writeFile(passwordFile, `${broker.mqtt.password}\n`);
  const { MQTT_PASSWORD: _, ...env } = environment(join(dir.path, "data"), broker.mqtt);
  await using service = await startServiceProcess({ ...env, MQTT_PASSWORD_FILE: passwordFile });
  await service.saveConfig(PORCH, {});
  expect(await announced.next()).toEqual({ filename: `${PORCH}.json` });
});

test("requirement 5: Mosquitto sees an MQTT 5 client", async () => {
  await using broker = await startBroker();
  await using service = await startTestService({ mqtt: broker.mqtt });
  await service.saveConfig(PORCH, {});
  expect(await broker.log.line(/New client connected .* u'iotsupport'/)).toContain("(p5,");
});

test("requirement 6: one connection serves all and comes back by itself", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe("iotsupport/updates/#");
  await using service = await startTestService({ mqtt: broker.mqtt });
  await Promise.all([service.saveConfig(PORCH, {}), service.saveConfig(CELLAR, {})]);
  await service.uploadAsset("fw.bin", "bytes");
  await announced.collect("three announcements", (taken) => taken.length === 3);
  expect(broker.connectionsOfService).toHaveLength(1);
  await broker.restart();
  await until("the service is connected again", async () => (await service.health()).mqtt === "connected");
  await service.saveConfig(PORCH, {});
  expect(await announced.next()).toEqual({ filename: `${PORCH}.json` });
  expect(broker.connectionsOfService).toHaveLength(2);
});

test("requirement 7: without MQTT_URL all else works, and nothing complains", async () => {
  await using service = await startTestService({ mqtt: null });
  await service.saveConfig(PORCH, { deviceName: "porch" });
  await service.uploadAsset("fw.bin", "bytes");
  expect((await service.fetchConfig(PORCH)).text).toBe(`{"deviceName":"porch"}`);
  expect(await service.health()).toMatchObject({
    status: "healthy",
    mqtt: "disabled",
    pending_announcements: 0,
  });
  expect(service.logged.filter(({ level }) => Number(level) > INFO)).toEqual([]);
});

test("requirement 8: announcements are published with QoS 1", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe("iotsupport/updates/#");
  await using service = await startTestService({ mqtt: broker.mqtt });
  await service.saveConfig(PORCH, {});
  expect((await announced.nextMessage()).qos).toBe(1); // Subscribed with QoS 2: this is the publisher's.
  await service.uploadAsset("fw.bin", "bytes");
  expect((await announced.nextMessage()).qos).toBe(1);
});

test("requirement 9: announcements are not retained", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe("iotsupport/updates/#");
  await using service = await startTestService({ mqtt: broker.mqtt });
  await service.saveConfig(PORCH, {});
  expect((await announced.nextMessage()).retain).toBe(false);
  await service.uploadAsset("fw.bin", "bytes");
  expect((await announced.nextMessage()).retain).toBe(false);
  await using latecomer = await broker.subscribe("iotsupport/updates/#");
  expect(await latecomer.upToNow()).toEqual([]);
});

test("requirement 10: topics begin without a slash", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe("iotsupport/updates/#");
  await using service = await startTestService({ mqtt: broker.mqtt });
  await service.saveConfig(PORCH, {});
  expect((await announced.nextMessage()).topic).toBe(CONFIGS);
  await service.uploadAsset("fw.bin", "bytes");
  expect((await announced.nextMessage()).topic).toBe(ASSETS);
});

test("requirement 11: a save that can't be announced succeeds, and is announced when it can", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe("iotsupport/updates/#");
  await using service = await startTestService({ mqtt: broker.mqtt });
  await broker.stop();
  await service.saveConfig(PORCH, { deviceName: "porch" });
  await service.uploadAsset("fw.bin", "bytes");
  expect((await service.fetchConfig(PORCH)).text).toBe(`{"deviceName":"porch"}`);
  expect(await service.health()).toMatchObject({
    status: "healthy",
    mqtt: "disconnected",
    pending_announcements: 2,
  });
  await broker.restart();
  const both = await announced.collect("both announcements", (taken) => taken.length === 2);
  expect(both.map(({ topic }) => topic).toSorted()).toEqual([ASSETS, CONFIGS]);
});

/** pino's number for it; what complains is above. */
const INFO = 30;
