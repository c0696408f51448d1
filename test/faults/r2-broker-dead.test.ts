import { expect } from "bun:test";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { HistoryLog } from "../support/history/index.ts";
import { startLink } from "../support/link.ts";
import { atOnce, macs, percentile, timed, timedInTurns } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startUsual } from "./usual-service.ts";

const CONFIGS = "iotsupport/updates/configs";
/** Below this, what a save takes is up to the machine's mood. */
const NOISE_MS = 10;
/** In full; a busy machine has more. */
const BACK_WITHIN_MS = 2_000;
const BACK_WITHIN_BUSY_MS = 10_000;
/** Below the second for which the relay rests. */
const AT_ONCE_MS = 700;

row(
  "R2",
  "saves do not notice a dead broker; each file is announced within 2 s of its return, once",
  { rounds: { test: 1_000, full: 10_000 }, timeoutMs: 120_000 },
  async ({ rounds, isFull, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe(CONFIGS);
    await using link = await startLink(broker);
    await using service = await startServiceProcess(environment(join(dir.path, "data"), link.mqtt));
    const log = new HistoryLog();
    const save = (file: string) => log.through(service).save(file);
    const files = filesOf(rounds);
    await using usual = await startUsual(join(dir.path, "usual"));
    const few = files.slice(0, isFull ? 1_000 : 100);
    await timedInTurns(few, save, usual.save); // To be warm.
    await log.allAnnounced(announced);

    await link.cut();
    await broker.kill();
    const took = await timedInTurns(few, save, usual.save);
    if (isFull) expect(percentile(99, took.act)).toBeLessThan(2 * percentile(99, took.other) + NOISE_MS);
    await atOnce(32, files, save);
    did("saves while it was dead", few.length + files.length);

    await broker.restart({ empty: true });
    log.heard(await announced.upToNow());
    await link.restore();
    const back = performance.now();
    const all = await announced.collect("all files", (taken) => taken.length === files.length, 30_000);
    log.heard([...all, ...(await announced.upToNow())]);
    did("files announced at its return", all.length);
    expect(new Set(all.map(({ payload }) => payload)).size).toBe(files.length);
    expect(Number(all.at(-1)?.at) - back).toBeLessThan(isFull ? BACK_WITHIN_MS : BACK_WITHIN_BUSY_MS);
    log.expectAllAnnounced();
    expect(log.copies.filter((each) => each > 1)).toEqual([]);
  },
);

row(
  "R2",
  "what was saved before a kill -9, while the broker was dead, is announced after both are back, once",
  { rounds: { test: 50, full: 1_000 } },
  async ({ rounds, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe(CONFIGS);
    await broker.kill();
    const env = environment(join(dir.path, "data"), broker.mqtt);
    const log = new HistoryLog();
    const [before, after] = [filesOf(rounds).slice(rounds >> 1), filesOf(rounds)];
    {
      await using service = await startServiceProcess(env);
      await atOnce(8, before, (file) => log.through(service).save(file));
      await service.kill();
      log.ended();
    }
    await using service = await startServiceProcess(env);
    await atOnce(8, after, (file) => log.through(service).save(file));
    did("saves", before.length + after.length);
    await broker.restart();
    await log.expectToHold(service, announced);
    expect(log.copies.filter((each) => each > 1)).toEqual([]);
  },
);

row(
  "R2",
  "while the broker is there, a save is announced at once, not when the relay looks the next time",
  { rounds: { test: 9, full: 99 } },
  async ({ rounds, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe("iotsupport/updates/#");
    await using service = await startServiceProcess(environment(join(dir.path, "data"), broker.mqtt));
    const [config = "", asset = ""] = [filesOf(1)[0], "assets/fw.bin"];
    for (const file of [config, asset]) {
      const save = async () => {
        const { revision } = await (file === config
          ? service.saveConfig(config.replace("configs/", ""), {})
          : service.uploadAsset("fw.bin", "1"));
        expect((await announced.nextMessage()).revision).toBe(`${revision}`);
      };
      await save(); // With it the broker is there.
      const took = await timed(Array.from({ length: rounds }), save);
      did("saves, each awaited by a subscriber", rounds);
      expect(percentile(50, took)).toBeLessThan(AT_ONCE_MS);
    }
  },
);

function filesOf(count: number): string[] {
  return macs(count).map((mac) => `configs/${mac}`);
}
