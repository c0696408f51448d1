import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { setClock, startClockedProcess } from "../support/clocked-process.ts";
import { HistoryLog, randomLoad } from "../support/history/index.ts";
import { macs } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const UPDATES = "iotsupport/updates/#";
const HOUR_MS = 3_600_000;
const [PORCH = ""] = macs(1).map((mac) => `configs/${mac}`);

row(
  "R19",
  "a clock that jumps an hour back and forth, also over a kill, changes neither the order of revisions nor an announcement",
  { rounds: { test: 2, full: 20 }, timeoutMs: 120_000 },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe(UPDATES);
    const env = environment(join(dir.path, "data"), broker.mqtt);
    const log = new HistoryLog();
    for (let round = 0; round < rounds; round++) {
      await using service = await startClockedProcess(env);
      await setClock(service, random.pick([-HOUR_MS, 0, HOUR_MS]));
      const load = randomLoad(log.through(service), random, { writers: 8, configs: 12, uploaders: 1 });
      for (const hours of [-1, 1, 0, -1, 1]) {
        log.note(`the clock is ${hours} h ahead`);
        await setClock(service, hours * HOUR_MS);
        await log.through(service).save(PORCH);
        did("jumps");
      }
      await service.kill();
      log.ended();
      await load;
      did("kills");
    }
    await using service = await startClockedProcess(env);
    await setClock(service, -HOUR_MS);
    await log.expectToHold(service, announced);
  },
);

row(
  "R19",
  "a refused announcement is tried again soon, though the clock went back an hour meanwhile",
  {},
  async ({ did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe(UPDATES);
    await broker.allowTopics("assets");
    await using service = await startClockedProcess(environment(join(dir.path, "data"), broker.mqtt));
    const log = new HistoryLog();
    for (const hours of [-1, 1]) {
      await log.through(service).save(PORCH);
      await service.log.line(/the broker refuses announcements/);
      await setClock(service, hours * HOUR_MS);
      await broker.allowTopics("#");
      await log.allAnnounced(announced);
      log.expectAllAnnounced();
      await broker.allowTopics("assets");
      did("jumps");
    }
  },
);
