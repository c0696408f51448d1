import { expect } from "bun:test";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { HistoryLog, randomLoad } from "../support/history/index.ts";
import { macs } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment, killWhileItStarts, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const WRITERS = 8;
const ASSET = "assets/a.bin";
const CONFIGS = macs(8).map((mac) => `configs/${mac}`);

row(
  "R1",
  "kill -9 under load loses nothing that was answered, leaves nothing half done, and all is announced after the restart",
  { rounds: { test: 4, full: 30 }, timeoutMs: 120_000 },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe("iotsupport/updates/#");
    const env = environment(join(dir.path, "data"), broker.mqtt);
    const log = new HistoryLog();
    for (let round = 0; round < rounds; round++) {
      await using service = await startServiceProcess(env);
      log.note("the service has started");
      await log.through(service).readAll();
      const load = randomLoad(log.through(service), random, { writers: WRITERS, configs: 12, uploaders: 1 });
      const enough = log.history.length + random.int(20, 300);
      await until("some is asked", () => log.history.length > enough, 30_000);
      await Bun.sleep(random.int(0, 20)); // The moment is the fault: any will do.
      await service.kill();
      log.ended();
      await load;
      did("kills");
    }
    await using service = await startServiceProcess(env);
    await log.expectToHold(service, announced);
    const answered = log.history.filter((each) => "answer" in each && each.answer.kind === "done").length;
    did("answered changes", answered);
    did(
      "lost requests",
      log.history.filter((each) => "answer" in each && each.answer.kind === "lost").length,
    );
    expect(answered).toBeGreaterThan(rounds);
  },
);

row(
  "R1",
  "a start that is killed at any moment, the first one too, leaves nothing that the next start cannot take up",
  { rounds: { test: 4, full: 60 }, timeoutMs: 120_000 },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe("iotsupport/updates/#");
    const env = environment(join(dir.path, "data"), broker.mqtt);
    const log = new HistoryLog();
    for (let round = 0; round < rounds; round++) {
      // Most of a start is over by then: the library that it loads last, the first look into the outbox.
      await killWhileItStarts(env, random.int(20, 400));
      did("starts killed");
      if (round % 2 !== 0) continue;
      await using service = await startServiceProcess(env);
      await log.through(service).save(ASSET);
      await Promise.all(CONFIGS.map((file) => log.through(service).save(file)));
      await service.kill(); // Between an answer and what may be left for after it.
      log.ended();
      did("kills with changes just made");
    }
    await using service = await startServiceProcess(env);
    await log.expectToHold(service, announced);
  },
);
