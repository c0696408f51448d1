import { expect } from "bun:test";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { assetOf, configOf, HistoryLog, newVersion, randomLoad } from "../support/history/index.ts";
import { startLink } from "../support/link.ts";
import { atOnce, macs } from "../support/load.ts";
import { openRaw } from "../support/raw-http.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { signedForm, uploadHead } from "../support/signed-form.ts";
import { tempDir } from "../support/temp-dir.ts";

/** What is half asked for when the signal comes: files of which the load knows nothing. */
const BEGUN = [
  "assets/begun-a.bin",
  "assets/begun-b.bin",
  ...macs(20)
    .map((mac) => `configs/${mac}`)
    .slice(12),
];
const UPDATES = "iotsupport/updates/#";
/** The listener's 5 s for those who keep it up, the outbox's 5 s, MQTT's 1 s, and some for a busy machine. */
const STOPPED_WITHIN_MS = 15_000;
/** Less than the outbox's 5 s: there is nobody to drain it to. */
const AWAY_STOPPED_WITHIN_MS = 4_000;

row(
  "R9",
  "SIGTERM under load: what was asked before is answered, no new connection is taken, DISCONNECT is said, the end is 0",
  { rounds: { test: 1, full: 5 }, timeoutMs: 120_000, waits: true },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe(UPDATES);
    const env = environment(join(dir.path, "data"), broker.mqtt);
    const log = new HistoryLog();
    for (let round = 0; round < rounds; round++) {
      await using service = await startServiceProcess(env);
      const logged = broker.log.all.length;
      using stuckHead = await openRaw(service.url);
      await stuckHead.send("GET /api/configs HTTP/1.1\r\nHost: half");
      await log.through(service).save("assets/large.bin", "none", 8_000_000);
      using stuckReader = await openRaw(service.url);
      stuckReader.stopReading();
      await stuckReader.send("GET /api/assets/large.bin HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
      const begun = await Promise.all(BEGUN.map((file) => beginToSave(log, service.url, file)));
      const before = log.history.length;
      const load = randomLoad(log.through(service), random, { writers: 8, configs: 12, uploaders: 1 });
      await until("some is done", () => log.history.length > before + 100, 30_000);
      service.signal("SIGTERM");
      await until("no new connection is taken", () => isRefused(service.url));
      await Promise.all(begun.map((finish) => finish()));
      expect(await service.exited(STOPPED_WITHIN_MS)).toBe(0);
      log.ended();
      await load;
      const said = await broker.log.line(/Client iotsupport\S+ disconnected/, logged);
      expect(said).not.toContain("closed its connection");
      did("stops under load");
    }
    did("requests", log.history.filter((each) => "answer" in each).length);
    await log.allAnnounced(announced);
    await using service = await startServiceProcess(environment(join(dir.path, "data")));
    await log.expectToHold(service, announced);
  },
);

row(
  "R9",
  "what waits at SIGTERM is announced before the end",
  { rounds: { test: 1, full: 5 } },
  async ({ rounds, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe(UPDATES);
    await using link = await startLink(broker);
    const log = new HistoryLog();
    for (let round = 0; round < rounds; round++) {
      await using service = await startServiceProcess(environment(join(dir.path, "data"), link.mqtt));
      await until("the broker is there", async () => (await service.health()).mqtt === "connected");
      link.goDeaf();
      const files = macs(50).map((mac) => `configs/${mac}`);
      await atOnce(8, files, (file) => log.through(service).save(file));
      service.signal("SIGTERM");
      await service.log.line(/"msg":"stopping"/);
      await link.restore();
      expect(await service.exited(STOPPED_WITHIN_MS)).toBe(0);
      log.heard(await announced.upToNow());
      log.expectAllAnnounced();
      did("announcements that waited", files.length);
    }
  },
);

row(
  "R9",
  "what a slow broker cannot take in the outbox's 5 s is announced after the next start",
  { waits: true },
  async ({ did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker({ receiveMaximum: 2 });
    await using announced = await broker.subscribe(UPDATES);
    await using link = await startLink(broker);
    const env = environment(join(dir.path, "data"), link.mqtt);
    const log = new HistoryLog();
    const files = macs(60).map((mac) => `configs/${mac}`);
    {
      await using service = await startServiceProcess(env);
      await until("the broker is there", async () => (await service.health()).mqtt === "connected");
      link.slowPubacks(250);
      await atOnce(8, files, (file) => log.through(service).save(file));
      service.signal("SIGTERM");
      const signalled = performance.now();
      expect(await service.exited(STOPPED_WITHIN_MS)).toBe(0);
      did("seconds of drain", Math.round((performance.now() - signalled) / 1000));
      log.ended();
    }
    log.heard(await announced.upToNow());
    const inTime = log.copies.length;
    expect(inTime).toBeGreaterThan(2);
    expect(inTime).toBeLessThan(files.length);
    did("announced in time", inTime);
    await using service = await startServiceProcess({
      ...env,
      ...environment(join(dir.path, "data"), broker.mqtt),
    });
    await log.expectToHold(service, announced);
    did("announced after the next start", log.copies.length - inTime);
  },
);

row("R9", "a broker that is away does not hold up the end at all", { waits: true }, async ({ isFull }) => {
  await using dir = await tempDir();
  await using broker = await startBroker();
  await broker.kill();
  await using service = await startServiceProcess(environment(join(dir.path, "data"), broker.mqtt));
  await atOnce(8, macs(50), (mac) => service.saveConfig(mac, {}));
  service.signal("SIGTERM");
  expect(await service.exited(isFull ? AWAY_STOPPED_WITHIN_MS : STOPPED_WITHIN_MS)).toBe(0);
});

row("R9", "a broker that hangs does not hold up the end", { waits: true }, async () => {
  await using dir = await tempDir();
  await using broker = await startBroker();
  await using service = await startServiceProcess(environment(join(dir.path, "data"), broker.mqtt));
  await until("the broker is there", async () => (await service.health()).mqtt === "connected");
  broker.freeze();
  await atOnce(8, macs(50), (mac) => service.saveConfig(mac, {}));
  service.signal("SIGTERM");
  expect(await service.exited(STOPPED_WITHIN_MS)).toBe(0);
});

row("R9", "while it drains it is not ready, and all else goes on", { waits: true }, async ({ did }) => {
  await using dir = await tempDir();
  const env = { ...environment(join(dir.path, "data")), DRAIN_SECONDS: "8" };
  await using service = await startServiceProcess(env);
  const ready = async () => (await service.request("GET", "/api/health/ready")).status;
  expect(await ready()).toBe(200);
  service.signal("SIGTERM");
  await until("it is not ready", async () => (await ready()) === 503);
  const live = await service.request("GET", "/api/health/live");
  expect([live.status, live.headers.get("connection")]).toEqual([200, "close"]);
  const files = macs(4);
  await atOnce(4, files, (mac) => service.saveConfig(mac, {}));
  expect(await isRefused(service.url)).toBe(false);
  expect(await service.exited(STOPPED_WITHIN_MS)).toBe(0);
  did("saves while it drained", files.length);
});

/** Sends half of a save; what is returned sends the rest, and expects that it is still taken and done. */
async function beginToSave(log: HistoryLog, url: string, file: string): Promise<() => Promise<void>> {
  const version = newVersion(file);
  const { head, body } = file.startsWith("configs/")
    ? configRequest(file, version)
    : uploadRequest(file, version);
  const asked = { kind: "save", file, version, condition: "none", sentAt: performance.now() } as const;
  const connection = await openRaw(url);
  await connection.send(head);
  await connection.send(body.subarray(0, body.length >> 1));
  return async () => {
    await connection.send(body.subarray(body.length >> 1));
    const { status, headers } = await connection.response({ withinMs: STOPPED_WITHIN_MS });
    expect(status).toBe(200);
    const answer = {
      kind: "done",
      at: performance.now(),
      revision: Number(headers.get("x-revision")),
    } as const;
    log.begin({ ...asked, answer });
  };
}

function configRequest(file: string, version: string) {
  const body = Buffer.from(`{"content":${configOf(version)}}`);
  const head = [
    `PUT /api/${file} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Content-Type: application/json",
    `Content-Length: ${body.length}`,
    "\r\n",
  ];
  return { head: head.join("\r\n"), body };
}

function uploadRequest(file: string, version: string) {
  const body = signedForm(file.replace("assets/", ""), assetOf(version));
  return { head: uploadHead(body.length), body };
}

async function isRefused(url: string): Promise<boolean> {
  try {
    using _connection = await openRaw(url);
    return false;
  } catch {
    return true;
  }
}
