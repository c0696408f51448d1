import { expect } from "bun:test";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { HistoryLog } from "../support/history/index.ts";
import { startLink } from "../support/link.ts";
import { macs } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

row(
  "R20",
  "a file that changes while its announcement is in flight is announced again, and no other twice",
  { rounds: { test: 3, full: 50 } },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe("iotsupport/updates/#");
    await using link = await startLink(broker);
    await using service = await startServiceProcess(environment(join(dir.path, "data"), link.mqtt));
    const log = new HistoryLog();
    const client = log.through(service);
    const configs = macs(20).map((mac) => `configs/${mac}`);
    await client.save("assets/first.bin"); // With it the broker is there.
    await log.allAnnounced(announced);
    for (let round = 0; round < rounds; round++) {
      const files = ["assets/fw.bin", ...configs];
      const published = link.holdPubacks();
      await Promise.all(files.map((file) => client.save(file)));
      await published;
      const changed = files.filter(() => random.next() < 0.5);
      await Promise.all(changed.map((file) => client.save(file)));
      link.letPubacksThrough();
      await log.allAnnounced(announced);
      did("files in flight", files.length);
      did("of them changed meanwhile", changed.length);
    }
    await log.expectToHold(service, announced);
    expect(log.copies.filter((each) => each > 1)).toEqual([]);
  },
);
