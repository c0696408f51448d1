import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { esp32Image } from "../../simulate/esp-image.ts";
import type { Settings } from "../../src/settings.ts";
import { startBroker, type TestBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { startLink } from "../support/link.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { HOME_ASSISTANT, startHomeAssistant } from "./stand-in.ts";

const MAC = "aa-bb-cc-dd-ee-ff";
const CONFIG = "iotsupport_aabbccddeeff_config";
const PLUG = "iotsupport_aabbccddeeff_plug_bin";
const OLD = esp32Image({ version: "1.4.1", filling: "old" });
const NEW = esp32Image({ version: "1.4.2", filling: "new", programBytes: 30_001 });
const PATIENCE_MS = 20_000;

describe("a device's config in Home Assistant", () => {
  test("has a latest version, and an installed one once the device was seen to have it", async () => {
    await using ours = await startAll();
    const { service, homeAssistant } = ours;
    await service.saveConfig(MAC, {});
    await homeAssistant.has(CONFIG);
    await homeAssistant.shows(CONFIG, { latest_version: "1", in_progress: false });
    expect(homeAssistant.entity(CONFIG).state).not.toHaveProperty("installed_version");
    await service.fetchConfig(MAC);
    await homeAssistant.shows(CONFIG, { installed_version: "1" });
    await service.request("PUT", `/api/configs/${MAC}`, {
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ content: { other: true }, message: "Slower polling\u{1f40c}" }),
    });
    await homeAssistant.shows(CONFIG, {
      installed_version: "1",
      latest_version: "2",
      release_summary: "Slower polling\u{1f40c}",
    });
    await service.saveConfig(MAC, {});
    await homeAssistant.shows(CONFIG, { latest_version: "3", release_summary: "" });
    expect(homeAssistant.violations).toEqual([]);
  });

  test("joins the device that is known by that MAC, under the name that an operator gave it", async () => {
    await using ours = await startAll();
    const { service, homeAssistant } = ours;
    await service.saveConfig(MAC, { deviceName: "only in the content" });
    await homeAssistant.has(CONFIG);
    const device = { identifiers: ["iotsupport_aabbccddeeff"], connections: [["mac", "aa:bb:cc:dd:ee:ff"]] };
    expect(homeAssistant.entity(CONFIG).config.device as object).toEqual(device);
    await service.request("PATCH", `/api/devices/${MAC}`, {
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name: "Porch", model: "Plug S" }),
    });
    await until("its name", () => homeAssistant.entity(CONFIG).config.device.name === "Porch", PATIENCE_MS);
    expect(homeAssistant.entity(CONFIG).config.device as object).toEqual({
      ...device,
      name: "Porch",
      model: "Plug S",
    });
    expect(homeAssistant.violations).toEqual([]);
  });

  test("goes with the config, and comes anew with nothing installed where the device alone was forgotten", async () => {
    await using ours = await startAll();
    const { service, homeAssistant } = ours;
    await service.saveConfig(MAC, {});
    await service.fetchConfig(MAC);
    await homeAssistant.shows(CONFIG, { installed_version: "1" });
    await service.request("DELETE", `/api/devices/${MAC}`);
    await showsNothingInstalled(homeAssistant);
    await service.deleteConfig(MAC);
    await homeAssistant.has();
    await expectNothingRetained(ours.broker);
  });
});

describe("a device's firmware in Home Assistant", () => {
  test("shows what the device says that it runs, and how far a download in ranges is", async () => {
    await using ours = await startAll();
    const { service, homeAssistant } = ours;
    await service.uploadAsset("plug.bin", OLD);
    await poll(service, OLD);
    await homeAssistant.has(PLUG);
    await homeAssistant.shows(PLUG, { installed_version: "1.4.1 (1)", latest_version: "1.4.1 (1)" });
    expect(homeAssistant.entity(PLUG).config).toMatchObject({ device_class: "firmware", title: "plug.bin" });

    await service.uploadAsset("plug.bin", NEW);
    await homeAssistant.shows(PLUG, { installed_version: "1.4.1 (1)", latest_version: "1.4.2 (2)" });
    const half = Math.ceil(NEW.length / 2);
    await fetchPart(service, `bytes=0-${half - 1}`);
    await fetchPart(service, `bytes=${half}-${half}`);
    await homeAssistant.shows(PLUG, { in_progress: true, update_percentage: 50 });
    await fetchPart(service, `bytes=${half + 1}-`);
    await homeAssistant.shows(PLUG, { in_progress: false, update_percentage: null });
    expect(homeAssistant.entity(PLUG).state.installed_version).toBe("1.4.1 (1)"); // It did not say that it runs it.
    await poll(service, NEW);
    await homeAssistant.shows(PLUG, { installed_version: "1.4.2 (2)" });
    expect(homeAssistant.violations).toEqual([]);
  });

  test("is offered anew where an older image, or one of the same version, takes its place", async () => {
    await using ours = await startAll();
    const { service, homeAssistant } = ours;
    await service.uploadAsset("plug.bin", NEW);
    await poll(service, NEW);
    await service.uploadAsset("plug.bin", esp32Image({ version: "1.4.2", filling: "mended" }));
    await homeAssistant.shows(PLUG, { installed_version: "1.4.2 (1)", latest_version: "1.4.2 (2)" });
    await service.uploadAsset("plug.bin", OLD);
    await homeAssistant.shows(PLUG, { installed_version: "1.4.2 (1)", latest_version: "1.4.1 (3)" });
  });

  test("is shown of images alone, and goes with the asset, or with the device", async () => {
    await using ours = await startAll();
    const { service, homeAssistant } = ours;
    await service.uploadAsset("sound.wav", "no image");
    await service.uploadAsset("plug.bin", OLD);
    await service.uploadAsset("lamp.bin", NEW);
    for (const name of ["sound.wav", "plug.bin", "lamp.bin"]) {
      await (await service.request("GET", `/api/assets/${name}?mac=${MAC}`)).arrayBuffer();
    }
    const lamp = PLUG.replace("plug", "lamp");
    await homeAssistant.has(PLUG, lamp);
    await service.request("DELETE", "/api/assets/lamp.bin");
    await homeAssistant.has(PLUG);
    await service.request("DELETE", `/api/devices/${MAC}`);
    await homeAssistant.has();
    await expectNothingRetained(ours.broker);
  });
});

describe("the Install button", () => {
  test("nudges that device, and does nothing where the press was retained", async () => {
    await using dir = await tempDir();
    const settings = { dataDir: dir.path, deviceTopics: "only" } as const;
    await using ours = await startAll(settings);
    const { service, homeAssistant, broker } = ours;
    await using announced = await broker.overhear("iotsupport/devices/#");
    await service.saveConfig(MAC, {});
    await service.saveConfig("aa-bb-cc-dd-ee-00", {});
    await homeAssistant.has(CONFIG, CONFIG.replace("ff_", "00_"));
    await announced.collect("both configs", (taken) => taken.length === 2);
    await homeAssistant.install(CONFIG);
    expect((await announced.nextMessage("the nudge", PATIENCE_MS)).topic).toBe(
      `iotsupport/devices/${MAC}/updates`,
    );

    await ours.stopService();
    await homeAssistant.install(CONFIG, { isRetained: true });
    const subscribed = broker.log.line(
      / 1 iotsupport\/ha\/\+\/\+\/install/,
      broker.log.all.length,
      PATIENCE_MS,
    );
    await using another = await startTestService({ ...ON, ...settings, mqtt: broker.mqtt });
    await subscribed;
    await another.saveConfig("aa-bb-cc-dd-ee-00", {});
    expect((await announced.nextMessage("its save", PATIENCE_MS)).revision).toBe("2");
    expect(await announced.upToNow()).toEqual([]);
  });
});

describe("Home Assistant", () => {
  test("sees whether the service is there, also after a kill", async () => {
    await using broker = await startBroker({ accounts: [HOME_ASSISTANT] });
    await using homeAssistant = await startHomeAssistant(broker);
    await using dir = await tempDir();
    const env = { ...environment(dir.path, broker.mqtt), HOME_ASSISTANT: "on" };
    {
      await using service = await startServiceProcess(env);
      await service.saveConfig(MAC, {});
      await homeAssistant.has(CONFIG);
      await until("online", () => homeAssistant.availability === "online", PATIENCE_MS);
      await service.kill();
      await until("offline", () => homeAssistant.availability === "offline", PATIENCE_MS);
    }
    {
      await using service = await startServiceProcess(env);
      await until("online again", () => homeAssistant.availability === "online", PATIENCE_MS);
      service.signal("SIGTERM");
      await service.exited();
      await until("offline again", () => homeAssistant.availability === "offline", PATIENCE_MS);
    }
  });

  test("hears that we are there once more, where the end of another connection of ours is noticed late", async () => {
    await using broker = await startBroker({ accounts: [HOME_ASSISTANT] });
    await using link = await startLink(broker);
    await using said = await broker.overhear("iotsupport/ha/status");
    await using _ = await startTestService({ ...ON, mqtt: link.mqtt });
    expect((await said.nextMessage()).payload).toBe("online");
    await using __ = await startTestService({ ...ON, mqtt: broker.mqtt });
    expect((await said.nextMessage()).payload).toBe("online");
    await link.cut(); // The broker publishes the will of the first.
    expect((await said.nextMessage()).payload).toBe("offline");
    expect((await said.nextMessage()).payload).toBe("online");
  });

  test("finds everything after its own restart, and is sent it again when it says that it is there", async () => {
    await using ours = await startAll();
    await ours.service.saveConfig(MAC, {});
    await ours.homeAssistant.shows(CONFIG, { latest_version: "1" });
    await using restarted = await startHomeAssistant(ours.broker);
    await restarted.shows(CONFIG, { latest_version: "1" });
    const before = restarted.heard.length;
    await restarted.sayBirth();
    const again = () => restarted.heard.slice(before).toSorted();
    await until("config and state again", () => again().length === 2, PATIENCE_MS);
    expect(again()).toEqual([
      "homeassistant/update/iotsupport_aabbccddeeff/config/config",
      "iotsupport/ha/aabbccddeeff/config",
    ]);
    expect(restarted.violations).toEqual([]);
  });

  test("is not sent again what it was sent, over a restart of the service; and is sent what changed meanwhile", async () => {
    await using dir = await tempDir();
    await using ours = await startAll({ dataDir: dir.path });
    const { service, homeAssistant, broker } = ours;
    await service.saveConfig(MAC, {});
    await homeAssistant.shows(CONFIG, { latest_version: "1" });
    await ours.stopService();
    const before = homeAssistant.heard.length;
    {
      await using _ = await startTestService({ mqtt: broker.mqtt, dataDir: dir.path }); // It is off here.
      await _.saveConfig("aa-bb-cc-dd-ee-00", {});
    }
    await using again = await startTestService({ ...ON, mqtt: broker.mqtt, dataDir: dir.path });
    await homeAssistant.has(CONFIG, CONFIG.replace("ff_", "00_"));
    expect(homeAssistant.heard.slice(before).filter((topic) => topic.includes("aabbccddeeff"))).toEqual([]);
    await again.deleteConfig(MAC);
    await homeAssistant.has(CONFIG.replace("ff_", "00_"));
  });

  for (const when of ["may have heard that the broker had it", "had not heard"]) {
    test(`loses what is gone while the broker is away, after a kill of a service that ${when}`, async () => {
      await using linked = await startLinked();
      const { link, homeAssistant, env } = linked;
      {
        await using service = await startServiceProcess(env);
        if (when === "had not heard") void link.holdPubacks();
        await service.saveConfig(MAC, {});
        await homeAssistant.shows(CONFIG, { latest_version: "1" });
        await link.cut();
        await service.deleteConfig(MAC);
        await service.request("DELETE", `/api/devices/${MAC}`);
        await service.kill();
      }
      await link.restore();
      await using _ = await startServiceProcess(env);
      await homeAssistant.has();
    });
  }

  test("is shown nothing installed of a device that was forgotten just before a kill", async () => {
    await using linked = await startLinked();
    const { link, homeAssistant, env } = linked;
    {
      await using service = await startServiceProcess(env);
      await service.saveConfig(MAC, {});
      await (await service.request("GET", `/api/configs/${MAC}.json`)).arrayBuffer();
      await homeAssistant.shows(CONFIG, { installed_version: "1" });
      await link.cut();
      await service.request("DELETE", `/api/devices/${MAC}`);
      await service.kill();
    }
    await link.restore();
    await using _ = await startServiceProcess(env);
    await showsNothingInstalled(homeAssistant);
  });

  test("is shown what was saved again after a kill of a service that had not heard that it was taken back", async () => {
    await using linked = await startLinked();
    const { link, homeAssistant, env } = linked;
    {
      await using service = await startServiceProcess(env);
      await service.saveConfig(MAC, {});
      await homeAssistant.shows(CONFIG, { latest_version: "1" });
      service.signal("SIGTERM"); // It notes that it was shown before it ends.
      await service.exited();
    }
    {
      await using service = await startServiceProcess(env);
      void link.holdPubacks();
      await service.deleteConfig(MAC);
      await homeAssistant.has();
      await service.kill();
      link.letPubacksThrough();
    }
    await using service = await startServiceProcess(env);
    await service.saveConfig(MAC, {}); // Before its first look.
    await homeAssistant.shows(CONFIG, { latest_version: "3" });
  });

  test("loses what is gone, though the broker was killed and forgot that it was taken back", async () => {
    await using ours = await startAll();
    const { service, homeAssistant, broker } = ours;
    await service.saveConfig(MAC, {});
    await homeAssistant.shows(CONFIG, { latest_version: "1" });
    await broker.stop(); // What it has is on its disk.
    await broker.restart();
    await using reconnected = await startHomeAssistant(broker);
    await reconnected.has(CONFIG);
    await service.deleteConfig(MAC);
    await service.request("DELETE", `/api/devices/${MAC}`);
    await reconnected.has();
    await broker.kill();
    await broker.restart();
    await using after = await startHomeAssistant(broker);
    await after.has();
    await expectNothingRetained(broker);
  });

  test("is shown everything by the next service where one was killed while it showed everything again", async () => {
    await using linked = await startLinked();
    const { broker, link, homeAssistant, env } = linked;
    const macs = Array.from({ length: 99 }, (_, index) => `aa-bb-cc-dd-ee-${String(index).padStart(2, "0")}`);
    {
      await using service = await startServiceProcess(env);
      for (const mac of macs) await service.saveConfig(mac, {});
      await until("all of it", () => homeAssistant.uniqueIds.length === macs.length, PATIENCE_MS);
      link.slowPubacks(5);
      await broker.restart({ empty: true });
      await using some = await startHomeAssistant(broker);
      await until("some of it again", () => some.uniqueIds.length > 32, PATIENCE_MS);
      await service.kill();
    }
    await using _ = await startServiceProcess(env);
    await using after = await startHomeAssistant(broker);
    await until("all of it again", () => after.uniqueIds.length === macs.length, PATIENCE_MS);
  });

  test("is shown everything again by a broker that has lost it, or the last of it, and was not told of a birth", async () => {
    await using ours = await startAll();
    const { service, broker } = ours;
    await service.saveConfig(MAC, {});
    await ours.homeAssistant.shows(CONFIG, { latest_version: "1" });
    await broker.stop(); // What it has is on its disk.
    await broker.restart();
    await until("we are back", async () => (await service.health()).mqtt === "connected", PATIENCE_MS);
    await service.saveConfig(MAC, {});
    await using reconnected = await startHomeAssistant(broker);
    await reconnected.shows(CONFIG, { latest_version: "2" });
    await broker.kill(); // Its disk knows of the first revision alone.
    await broker.restart();
    await using after = await startHomeAssistant(broker);
    await after.shows(CONFIG, { latest_version: "2" });
    await broker.restart({ empty: true });
    await using empty = await startHomeAssistant(broker);
    await empty.shows(CONFIG, { latest_version: "2" });
  });

  test("is shown what the broker refused, once it takes something again", async () => {
    await using ours = await startAll();
    const { service, homeAssistant, broker } = ours;
    await until(
      "online",
      async () => (await retainedBy(broker)).includes("iotsupport/ha/status"),
      PATIENCE_MS,
    );
    await broker.refuseHomeAssistant();
    await service.saveConfig(MAC, {});
    await until("it is refused", () => refusedBy(service).length === 2, PATIENCE_MS);
    await broker.allowTopics("#");
    await service.saveConfig("aa-bb-cc-dd-ee-00", {});
    await homeAssistant.has(CONFIG, CONFIG.replace("ff_", "00_"));
    expect(refusedBy(service).toSorted()).toEqual(["homeassistant/update/#", "iotsupport/ha/#"]);
  });

  test("is shown all that the broker takes where it refuses the rest, and not without end", async () => {
    await using broker = await startBroker({ accounts: [HOME_ASSISTANT] });
    await using heard = await broker.overhear("iotsupport/ha/+/config");
    const settings = { ...ON, homeAssistantPrefix: "unknown-to-the-broker", mqtt: broker.mqtt };
    await using service = await startTestService(settings);
    const macs = Array.from({ length: 40 }, (_, index) => `aa-bb-cc-dd-ee-${10 + index}`);
    await Promise.all(macs.map((mac) => service.saveConfig(mac, {})));
    const states = await heard.collect(
      "each",
      (taken) => new Set(taken.map(({ topic }) => topic)).size === macs.length,
    );
    await service.saveConfig(MAC, {});
    const last = await heard.collect("one more", (taken) =>
      taken.some(({ topic }) => topic.includes("aabbccddeeff")),
    );
    expect(states.length + last.length).toBeLessThan(4 * macs.length); // At the start, and at a change.
    expect(refusedBy(service)).toEqual(["unknown-to-the-broker/update/#"]);
  });

  test("is shown nothing under a prefix that is not used any more", async () => {
    await using dir = await tempDir();
    await using ours = await startAll({ dataDir: dir.path });
    await ours.service.saveConfig(MAC, {});
    await ours.homeAssistant.has(CONFIG);
    await ours.stopService();
    await using _ = await startTestService({
      ...ON,
      homeAssistantPrefix: "homeassistant/update", // As the broker's access control lets us write there.
      mqtt: ours.broker.mqtt,
      dataDir: dir.path,
    });
    await ours.homeAssistant.has();
  });

  test("is told nothing where that is off", async () => {
    await using ours = await startAll({ homeAssistant: false });
    await using heard = await ours.broker.overhear("#");
    await ours.service.saveConfig(MAC, {});
    expect((await heard.nextMessage()).topic).toBe("iotsupport/updates/configs");
    await Bun.sleep(1_500); // Longer than it would take.
    expect(heard.unread).toEqual([]);
  });
});

const ON = { homeAssistant: true } as const;

async function startAll(settings: Partial<Settings> = {}) {
  await using starting = new AsyncDisposableStack();
  const broker: TestBroker = starting.use(await startBroker({ accounts: [HOME_ASSISTANT] }));
  const homeAssistant = starting.use(await startHomeAssistant(broker));
  const service = await startTestService({ ...ON, mqtt: broker.mqtt, ...settings });
  let isStopped = false;
  const stopService = async () => {
    if (!isStopped) await service[Symbol.asyncDispose]();
    isStopped = true;
  };
  starting.defer(stopService);
  const running = starting.move();
  return { broker, homeAssistant, service, stopService, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** What services, as processes of their own, are started with to reach the broker by a link. */
async function startLinked() {
  await using starting = new AsyncDisposableStack();
  const broker = starting.use(await startBroker({ accounts: [HOME_ASSISTANT] }));
  const link = starting.use(await startLink(broker));
  const homeAssistant = starting.use(await startHomeAssistant(broker));
  const dir = starting.use(await tempDir());
  const env = { ...environment(dir.path, link.mqtt), HOME_ASSISTANT: "on" };
  const running = starting.move();
  return { broker, link, homeAssistant, env, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** All that is kept there is that we are there, and the mark. */
/** The config's entity alone, at its first revision. */
async function showsNothingInstalled(
  homeAssistant: Awaited<ReturnType<typeof startHomeAssistant>>,
): Promise<void> {
  await until(
    "nothing is said to be installed",
    () =>
      homeAssistant.uniqueIds.length === 1 &&
      homeAssistant.entity(CONFIG).state.latest_version === "1" &&
      homeAssistant.entity(CONFIG).state.installed_version === undefined,
    PATIENCE_MS,
  );
}

async function expectNothingRetained(broker: TestBroker): Promise<void> {
  await until(
    "nothing but a status is retained",
    async () => (await retainedBy(broker)).toSorted().join() === "iotsupport/ha/mark,iotsupport/ha/status",
    PATIENCE_MS,
  );
}

/** The topics of each warning that it gave. */
function refusedBy(service: TestService): unknown[] {
  return service.logged
    .filter(({ msg }) => /refuses what Home Assistant/.test(String(msg)))
    .map(({ topics }) => topics);
}

async function retainedBy(broker: TestBroker): Promise<string[]> {
  await using watcher = await broker.overhear("#");
  return (await watcher.upToNow()).filter(({ retain }) => retain).map(({ topic }) => topic);
}

type Client = { request(method: string, path: string, init?: RequestInit): Promise<Response> };

/** Asks for an update as an Arduino that runs this image does. */
async function poll(service: Client, image: Buffer): Promise<void> {
  const md5 = createHash("md5").update(image).digest("hex");
  const headers = { "x-ESP32-STA-MAC": "AA:BB:CC:DD:EE:FF", "x-ESP32-sketch-md5": md5 };
  await (await service.request("GET", "/api/firmware/plug.bin", { headers })).arrayBuffer();
}

async function fetchPart(service: Client, range: string): Promise<void> {
  const response = await service.request("GET", `/api/assets/plug.bin?mac=${MAC}`, {
    headers: { Range: range },
  });
  expect(response.status).toBe(206);
  await response.arrayBuffer();
}
