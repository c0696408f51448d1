import { expect } from "bun:test";
import { join } from "node:path";
import { connectAsync } from "mqtt";
import { startBroker } from "../support/broker.ts";
import { HistoryLog } from "../support/history/index.ts";
import { macs } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const CONFIGS = "iotsupport/updates/configs";
const [PORCH = ""] = macs(1).map((mac) => `configs/${mac}`);

row(
  "R7",
  "two services on one broker leave each other alone",
  { rounds: { test: 20, full: 500 } },
  async ({ rounds, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe(CONFIGS);
    await using one = await startServiceProcess(environment(join(dir.path, "one"), broker.mqtt));
    await using two = await startServiceProcess(environment(join(dir.path, "two"), broker.mqtt));
    for (const mac of macs(rounds)) {
      await Promise.all([one.saveConfig(mac, {}), two.saveConfig(mac, {})]);
      const both = await announced.collect("both", (taken) => taken.length === 2);
      expect(both.map(({ payload }) => payload)).toEqual(
        [mac, mac].map((each) => `{"filename":"${each}.json"}`),
      );
      did("announcements", 2);
    }
    expect(broker.connectionsOfService).toHaveLength(2);
  },
);

row(
  "R7",
  "a service whose client id another takes comes back, and announces what it could not",
  { rounds: { test: 2, full: 20 } },
  async ({ rounds, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe(CONFIGS);
    await using service = await startServiceProcess(environment(join(dir.path, "data"), broker.mqtt));
    const log = new HistoryLog();
    await log.through(service).save(PORCH);
    await log.allAnnounced(announced);
    const [, clientId = ""] = / as (\S+) \(/.exec(await broker.log.line(/New client .* u'iotsupport'/)) ?? [];
    const { url, ...account } = broker.mqtt;
    for (let round = 0; round < rounds; round++) {
      const thief = await connectAsync(url, { ...account, clientId, protocolVersion: 5, reconnectPeriod: 0 });
      await log.through(service).save(PORCH);
      await log.allAnnounced(announced);
      await thief.endAsync(true);
      did("thefts");
    }
    await log.expectToHold(service, announced);
  },
);
