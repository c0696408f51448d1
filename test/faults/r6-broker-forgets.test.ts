import { expect } from "bun:test";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { HistoryLog, randomLoad } from "../support/history/index.ts";
import { macs } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const UPDATES = "iotsupport/updates/#";
const CONFIGS = "iotsupport/updates/configs";
const ASSETS = "iotsupport/updates/assets";

row(
  "R6",
  "a broker that comes back empty is told all that it had not acknowledged, and the next announcement at once",
  { rounds: { test: 2, full: 20 }, timeoutMs: 120_000, waits: true },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe(UPDATES);
    await using service = await startServiceProcess(environment(join(dir.path, "data"), broker.mqtt));
    const log = new HistoryLog();
    const [before = "", after = ""] = macs(2).map((mac) => `configs/${mac}`);
    for (let round = 0; round < rounds; round++) {
      await log.through(service).save(before);
      await log.allAnnounced(announced);
      const over = new AbortController();
      const load = randomLoad(log.through(service), random, {
        writers: 2,
        configs: 8,
        uploaders: 0,
        stop: over.signal,
      });
      await until("nothing waits", async () => (await service.health()).pending_announcements === 0);
      over.abort();
      await load;
      await until("nothing waits", async () => (await service.health()).pending_announcements === 0);
      log.heard(await announced.upToNow());

      await broker.kill();
      await broker.restart({ empty: true });
      await log.through(service).save(after);
      await log.expectToHold(service, announced);
      did("restarts with an empty state");
    }
  },
);

row(
  "R6",
  "a topic that the broker refuses holds up no other, and is announced once it is allowed",
  { rounds: { test: 10, full: 200 }, waits: true },
  async ({ rounds, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe(UPDATES);
    await broker.allowTopics("configs");
    await using service = await startServiceProcess(environment(join(dir.path, "data"), broker.mqtt));
    const log = new HistoryLog();
    await log.through(service).save("assets/a.bin");
    await log.through(service).save("assets/b.bin");
    for (const mac of macs(rounds)) {
      await log.through(service).save(`configs/${mac}`);
      const message = await announced.nextMessage();
      expect(message.topic).toBe(CONFIGS);
      log.heard([message]);
      did("announcements beside the refused ones");
    }
    expect(broker.connectionsOfService).toHaveLength(1);
    await until("only the assets wait", async () => (await service.health()).pending_announcements === 2);
    expect(service.warnings.filter((line) => /refuse/.test(line))).toHaveLength(1);
    await broker.allowTopics("#");
    const both = await announced.collect("both assets", (taken) => taken.length === 2, 90_000);
    expect(both.map(({ topic }) => topic)).toEqual([ASSETS, ASSETS]);
    log.heard(both);
    await log.expectToHold(service, announced);
  },
);
