import { describe, expect, test } from "bun:test";
import type { Settings } from "../../src/settings.ts";
import { type BrokerOptions, startBroker, type TestBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { startLink } from "../support/link.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const [PORCH, CELLAR] = ["aa-bb-cc-dd-ee-01", "aa-bb-cc-dd-ee-02"];
const PATIENCE_MS = 30_000;

describe("with MQTT_DEVICE_TOPICS=on", () => {
  test("a config is announced to all and to its device, with the same payload and properties", async () => {
    await using ours = await startWith({ deviceTopics: "on" });
    await ours.service.saveConfig(PORCH, {});
    const [first, second] = [await ours.next(), await ours.next()];
    expect(first.topic).toBe("iotsupport/updates/configs");
    expect(second.topic).toBe(topicOf(PORCH));
    expect({ ...second, at: 0, topic: "" }).toEqual({ ...first, at: 0, topic: "" });
    expect(second).toMatchObject({ qos: 1, retain: false, revision: "1", contentType: "application/json" });
    expect(second.payload).toBe(`{"filename":"${PORCH}.json"}`);
  });

  test("an asset is announced to the devices that are known to use it, and to all", async () => {
    await using ours = await startWith({ deviceTopics: "on" });
    await ours.used("plug.bin", [CELLAR]);
    await ours.used("lamp.bin", [PORCH]);
    await ours.service.uploadAsset("plug.bin", "new");
    expect(await ours.topicsUpToNow()).toEqual(["iotsupport/updates/assets", topicOf(CELLAR)]);
  });

  test("metrics count by the topics' pattern, never by a device", async () => {
    await using ours = await startWith({ deviceTopics: "on" });
    await ours.service.saveConfig(PORCH, {});
    await ours.isDone();
    const metrics = await (await ours.service.request("GET", "/metrics")).text();
    expect(metrics).toContain(
      `iot_mqtt_publish_total{topic="iotsupport/devices/+/updates",status="success"} 1`,
    );
    expect(metrics).not.toContain(`"${topicOf(PORCH)}"`);
  });

  test("a nudge is for one device alone", async () => {
    await using ours = await startWith({ deviceTopics: "on" });
    await ours.used("plug.bin", [PORCH, CELLAR]);
    await ours.service.saveConfig(PORCH, {});
    await ours.topicsUpToNow();
    expect((await ours.service.request("POST", `/api/devices/${PORCH}/nudge`)).status).toBe(202);
    const nudged = [await ours.next(), await ours.next()];
    expect(nudged.map(({ topic }) => topic)).toEqual([topicOf(PORCH), topicOf(PORCH)]);
    expect(nudged.map(({ payload }) => JSON.parse(payload).filename)).toEqual(["plug.bin", `${PORCH}.json`]);
    expect(await ours.topicsUpToNow()).toEqual([]);
  });
});

describe("with MQTT_DEVICE_TOPICS=only", () => {
  test("the topics that all share are silent", async () => {
    await using ours = await startWith({ deviceTopics: "only" });
    await ours.used("plug.bin", [CELLAR, PORCH]);
    await ours.service.saveConfig(PORCH, {});
    await ours.isDone();
    await ours.service.uploadAsset("plug.bin", "new");
    expect(await ours.topicsUpToNow()).toEqual([topicOf(PORCH), topicOf(PORCH), topicOf(CELLAR)]);
  });

  test("a device reads its own topic, by the broker's access control, and no other", async () => {
    await using ours = await startWith({ deviceTopics: "only" }, { accounts: [PORCH, CELLAR] });
    await using own = await ours.broker.subscribeAs(PORCH, topicOf(PORCH));
    await using nosy = await ours.broker.subscribeAs(PORCH, "iotsupport/devices/#");
    await using shared = await ours.broker.subscribeAs(PORCH, "iotsupport/updates/#");
    await using usual = await ours.broker.subscribe("iotsupport/devices/+/updates"); // Shared by all, and so opened to all.
    await ours.service.saveConfig(CELLAR, {});
    await ours.service.saveConfig(PORCH, {});
    await ours.service.uploadAsset("plug.bin", "firmware");
    expect((await own.nextMessage()).payload).toBe(`{"filename":"${PORCH}.json"}`);
    expect((await nosy.nextMessage()).topic).toBe(topicOf(PORCH));
    await ours.isDone();
    await ours.service.saveConfig(PORCH, {});
    for (const watcher of [own, nosy]) expect((await watcher.nextMessage()).topic).toBe(topicOf(PORCH));
    for (const watcher of [own, nosy, shared]) expect(watcher.unread).toEqual([]);
    const heard = await usual.upToNow();
    expect(heard.map(({ topic }) => topic)).toEqual([CELLAR, PORCH, PORCH].map(topicOf));
  });
});

test("settings that need a broker say so where there is none", async () => {
  await using service = await startTestService({
    deviceTopics: "on",
    reannounces: true,
    homeAssistant: true,
  });
  expect(service.logged.filter(({ msg }) => /without MQTT_URL/.test(String(msg)))).toMatchObject([
    { settings: ["MQTT_DEVICE_TOPICS", "REANNOUNCE", "HOME_ASSISTANT"] },
  ]);
});

test("with device topics off, what was for one device alone is told to all", async () => {
  await using broker = await startBroker();
  await using dir = await tempDir();
  await using watcher = await broker.overhear("iotsupport/#");
  const away = { ...broker.mqtt, password: "another" };
  const settings = { dataDir: dir.path };
  {
    await using service = await startTestService({ ...settings, mqtt: away, deviceTopics: "only" });
    await service.uploadAsset("plug.bin", "firmware");
    await use(service, "plug.bin", [PORCH]);
    await service.request("POST", `/api/devices/${PORCH}/nudge`);
  }
  await using _ = await startTestService({ ...settings, mqtt: broker.mqtt });
  const heard = [await watcher.nextMessage(), await watcher.nextMessage()];
  expect(heard.map(({ topic }) => topic)).toEqual(["iotsupport/updates/assets", "iotsupport/updates/assets"]);
});

describe("an asset of many devices", () => {
  const macs = Array.from({ length: 60 }, (_, number) => `aa-bb-cc-00-00-${String(number + 10)}`);

  test("is told to each, never more at once than the broker takes, and waits until the last has acknowledged", async () => {
    await using broker = await startBroker({ receiveMaximum: 7 });
    await using link = await startLink(broker);
    await using watcher = await broker.overhear("iotsupport/#");
    await using service = await startTestService({ mqtt: link.mqtt, deviceTopics: "on" });
    await service.uploadAsset("plug.bin", "firmware");
    await watcher.nextMessage();
    await use(service, "plug.bin", macs);
    const held = link.holdPubacks();
    await service.uploadAsset("plug.bin", "new");
    await held;
    await service.saveConfig(PORCH, {});
    expect((await service.health()).pending_announcements).toBe(2);
    link.letPubacksThrough();
    const heard = await watcher.collect("all of it", (taken) => taken.length >= 63, PATIENCE_MS);
    const topics = heard.map(({ topic }) => topic);
    expect(topics.toSorted()).toEqual(
      [
        ...[PORCH, ...macs].map(topicOf),
        "iotsupport/updates/assets",
        "iotsupport/updates/configs",
      ].toSorted(),
    );
    expect(topics.indexOf(topicOf(PORCH))).toBeLessThan(30); // The large fleet did not hold it up.
    expect(link.mostInFlight).toBe(7);
    await until("nothing waits", async () => (await service.health()).pending_announcements === 0);
  });

  test("is told to each though the connection breaks and the service is killed meanwhile", async () => {
    await using broker = await startBroker({ receiveMaximum: 5 });
    await using link = await startLink(broker);
    await using dir = await tempDir();
    await using watcher = await broker.overhear("iotsupport/devices/#");
    const env = { ...environment(dir.path, link.mqtt), MQTT_DEVICE_TOPICS: "only" };
    {
      await using service = await startServiceProcess(env);
      await service.uploadAsset("plug.bin", "firmware");
      await use(service, "plug.bin", macs);
      const cut = link.cutBeforePuback(12);
      await service.uploadAsset("plug.bin", "new");
      await cut;
      await watcher.collect("some of it", (taken) => taken.length >= 30, PATIENCE_MS);
      await service.kill();
    }
    await using _ = await startServiceProcess(env);
    const heard = await watcher.collect(
      "those that remain",
      (taken) => new Set(taken.map(({ topic }) => topic)).size === macs.length,
      PATIENCE_MS,
    );
    expect(
      heard.every(({ payload, revision }) => payload === `{"filename":"plug.bin"}` && revision === "2"),
    ).toBe(true);
  });

  test("goes on where the broker refused it, and repeats nothing to all", async () => {
    await using broker = await startBroker();
    await broker.refuseDeviceTopics();
    await using watcher = await broker.overhear("iotsupport/#");
    await using service = await startTestService({ mqtt: broker.mqtt, deviceTopics: "on" });
    await service.uploadAsset("plug.bin", "firmware");
    await use(service, "plug.bin", [PORCH]);
    await service.uploadAsset("plug.bin", "new");
    const refused = () => service.logged.filter(({ msg }) => /refuses announcements/.test(String(msg)));
    await until("it is refused", async () => refused().length > 0);
    expect(refused()).toMatchObject([{ topic: "iotsupport/devices/+/updates" }]);
    await service.saveConfig(CELLAR, {}); // From here on the outbox alone knows how far it was.
    const untilConfig = await watcher.collect(
      "the config",
      (taken) => taken.at(-1)?.payload.includes(CELLAR) ?? false,
    );
    await broker.allowTopics("#");
    const heard = await watcher.collect(
      "its own",
      (taken) => taken.at(-1)?.topic === topicOf(PORCH),
      PATIENCE_MS,
    );
    expect(
      [...untilConfig, ...heard].filter(({ topic }) => topic === "iotsupport/updates/assets"),
    ).toHaveLength(2);
  });
});

function topicOf(mac: string): string {
  return `iotsupport/devices/${mac}/updates`;
}

/** Makes these devices known to use an asset: each fetches it. */
async function use(
  service: Pick<TestService, "request">,
  filename: string,
  macs: readonly string[],
): Promise<void> {
  for (const mac of macs) {
    await (await service.request("GET", `/api/assets/${filename}?mac=${mac}`)).arrayBuffer();
  }
  for (const mac of macs) {
    await until(`${mac} is known`, async () => {
      const response = await service.request("GET", `/api/devices/${mac}`);
      if (!response.ok) return false;
      const { files } = (await response.json()) as { files: { file: string }[] };
      return files.some(({ file }) => file === filename);
    });
  }
}

/** A service and a broker, and one who hears all that is announced. */
async function startWith(settings: Partial<Settings>, options: BrokerOptions = {}) {
  await using starting = new AsyncDisposableStack();
  const broker: TestBroker = starting.use(await startBroker(options));
  const watcher = starting.use(await broker.overhear("iotsupport/#"));
  const service = starting.use(await startTestService({ mqtt: broker.mqtt, ...settings }));
  const isDone = () =>
    until("nothing waits", async () => (await service.health()).pending_announcements === 0);
  const running = starting.move();
  return {
    broker,
    service,
    isDone,
    next: () => watcher.nextMessage(),
    async topicsUpToNow() {
      await isDone();
      return (await watcher.upToNow()).map(({ topic }) => topic);
    },
    /** Uploads an asset that these devices then fetch. */
    async used(filename: string, macs: readonly string[]) {
      await service.uploadAsset(filename, "firmware");
      await use(service, filename, macs);
      await isDone();
      await watcher.upToNow();
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
