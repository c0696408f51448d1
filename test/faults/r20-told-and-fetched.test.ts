import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { HistoryLog } from "../support/history/index.ts";
import { macs } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const LAST = "assets/last.bin";

row(
  "R20",
  "who fetches the moment it is told of a revision is given that one or a newer, while the file goes on changing",
  { rounds: { test: 100, full: 1_000 }, timeoutMs: 120_000 },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe("iotsupport/updates/#");
    await using service = await startServiceProcess(environment(join(dir.path, "data"), broker.mqtt));
    const log = new HistoryLog();
    const client = log.through(service);
    const files = ["assets/fw.bin", ...macs(4).map((mac) => `configs/${mac}`)];
    const fetches: Promise<unknown>[] = [];
    const device = async () => {
      for (;;) {
        const [file = ""] = log.heard([await announced.nextMessage()]);
        if (file === LAST) return;
        fetches.push(client.read(file, random.pick(["device", "device", "operator"])));
      }
    };
    const fetching = device();
    for (let round = 0; round < rounds; round++) {
      await Promise.all(files.filter(() => random.next() < 0.5).map((file) => client.save(file)));
      did("rounds of saves");
    }
    await client.save(LAST);
    await fetching;
    await Promise.all(fetches);
    did("fetches of what was announced", fetches.length);
    await log.expectToHold(service, announced);
  },
);
