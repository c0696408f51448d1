import { expect } from "bun:test";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { AnnouncementWatcher } from "../support/announcement-watcher.ts";
import { type BrokerSettings, startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { HistoryLog } from "../support/history/index.ts";
import { startLink } from "../support/link.ts";
import { atOnce, macs } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const CONFIGS = "iotsupport/updates/configs";
const FILES = macs(20).map((mac) => `configs/${mac}`);
/** A start takes a fraction of it; waiting for the broker would take longer. */
const STARTED_WITHIN_MS = 10_000;
const STOPPED_WITHIN_MS = 8_000;

row(
  "R8",
  "a broker that takes connections and never answers: the service starts and saves, tries on, and announces in the end",
  { waits: true, timeoutMs: 120_000 },
  async ({ did }) => {
    await using broker = await startBroker();
    await using announced = await broker.subscribe(CONFIGS);
    await using link = await startLink(broker);
    link.goDeaf();
    await expectToWork(announced, link.mqtt, async () => {
      await until("attempts", () => link.connections >= 2, 30_000);
      did("attempts", link.connections);
      await link.restore();
    });
  },
);

row(
  "R8",
  "a broker whose host lets every packet fall: the same",
  { waits: true, timeoutMs: 120_000 },
  async ({ did }) => {
    await using broker = await startBroker();
    await using announced = await broker.subscribe(CONFIGS);
    broker.freeze();
    const crowd = await fillBacklog(Number(new URL(broker.url).port));
    did("connections that filled its backlog", crowd.length);
    await expectToWork(announced, broker.mqtt, async (reason) => {
      await until("its reason", async () => (await reason()) === "no answer", 30_000);
      for (const each of crowd) each.destroy();
      broker.thaw();
    });
  },
);

row(
  "R8",
  "a broker whose name does not resolve: the service starts, saves and stops as ever, and says why it does not announce",
  { waits: true, timeoutMs: 120_000 },
  async () => {
    await using dir = await tempDir();
    const nowhere = { url: "mqtt://nowhere.invalid:1883", username: "a", password: "b" };
    await using service = await startServiceProcess(environment(join(dir.path, "data"), nowhere));
    const log = new HistoryLog();
    await atOnce(4, FILES, (file) => log.through(service).save(file));
    await until(
      "its reason",
      async () => /^unreachable/.test((await service.health()).mqtt_reason ?? ""),
      30_000,
    );
    expect(await service.health()).toMatchObject({ status: "healthy", pending_announcements: FILES.length });
    await log.through(service).readAll();
    log.expectToFit();
    service.signal("SIGTERM");
    expect(await service.exited(STOPPED_WITHIN_MS)).toBe(0);
  },
);

/** Starts a service that is given this broker, saves while it cannot be reached, and awaits what was saved after `mend`. */
async function expectToWork(
  announced: AnnouncementWatcher,
  mqtt: BrokerSettings,
  mend: (reason: () => Promise<string | undefined>) => Promise<void>,
): Promise<void> {
  await using dir = await tempDir();
  const began = performance.now();
  await using service = await startServiceProcess(environment(join(dir.path, "data"), mqtt));
  expect(performance.now() - began).toBeLessThan(STARTED_WITHIN_MS);
  const log = new HistoryLog();
  await atOnce(4, FILES, (file) => log.through(service).save(file));
  expect(await service.health()).toMatchObject({
    status: "healthy",
    mqtt: "disconnected",
    pending_announcements: FILES.length,
  });
  await mend(async () => (await service.health()).mqtt_reason);
  await log.expectToHold(service, announced);
}

/** Connects until the kernel takes no more connections for a process that is stopped: it drops the next ones' packets. */
async function fillBacklog(port: number): Promise<Socket[]> {
  const crowd: Socket[] = [];
  for (;;) {
    const one = connect(port, "127.0.0.1");
    crowd.push(one);
    one.on("error", () => {});
    const isTaken = await Promise.race([
      new Promise((taken) => one.once("connect", () => taken(true))),
      Bun.sleep(500).then(() => false),
    ]);
    if (!isTaken) return crowd;
  }
}
