import { expect } from "bun:test";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { HistoryLog, randomLoad } from "../support/history/index.ts";
import { startLink } from "../support/link.ts";
import { macs } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const [PORCH = ""] = macs(1).map((mac) => `configs/${mac}`);

row(
  "R5",
  "a connection that drops between PUBLISH and PUBACK: it is announced again, once",
  { rounds: { test: 3, full: 50 } },
  async ({ rounds, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe("iotsupport/updates/configs");
    await using link = await startLink(broker);
    await using service = await startServiceProcess(environment(join(dir.path, "data"), link.mqtt));
    const log = new HistoryLog();
    for (let round = 0; round < rounds; round++) {
      await until("the broker is there", async () => (await service.health()).mqtt === "connected");
      const cut = link.cutBeforePuback();
      await log.through(service).save(PORCH);
      await cut;
      const twice = await announced.collect("it and its copy", (taken) => taken.length === 2);
      await until("nothing waits", async () => (await service.health()).pending_announcements === 0);
      log.heard([...twice, ...(await announced.upToNow())]);
      did("cuts");
    }
    await log.expectToHold(service, announced);
    expect(log.copies).toEqual(Array.from({ length: rounds }, () => 2));
  },
);

row(
  "R5",
  "connections that drop at any PUBACK, or within any PUBLISH, under load lose no announcement",
  { rounds: { test: 4, full: 50 }, timeoutMs: 120_000 },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe("iotsupport/updates/#");
    await using link = await startLink(broker);
    await using service = await startServiceProcess(environment(join(dir.path, "data"), link.mqtt));
    const log = new HistoryLog();
    const over = new AbortController();
    const load = randomLoad(log.through(service), random, {
      writers: 8,
      configs: 40,
      uploaders: 1,
      stop: over.signal,
    });
    for (let round = 0; round < rounds; round++) {
      const cut = random.pick([
        () => link.cutBeforePuback(random.int(1, 30)),
        () => link.cutWithinPublish(random.int(1, 30)),
      ]);
      await cut();
      did("cuts");
    }
    over.abort();
    await load;
    await log.expectToHold(service, announced);
    did(
      "announcements",
      log.copies.reduce((sum, each) => sum + each, 0),
    );
    did("changes", log.history.filter((each) => "answer" in each && each.answer.kind === "done").length);
  },
);
