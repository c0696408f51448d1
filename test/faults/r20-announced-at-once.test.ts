import { expect } from "bun:test";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { macs, percentile, timed } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Half of the relay's own pace, at which a commit that wakes nobody would be noticed. */
const AT_ONCE_MS = 500;

row(
  "R20",
  "a save is announced at once, not when the relay looks by itself",
  { rounds: { test: 7, full: 50 } },
  async ({ rounds, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe("iotsupport/updates/configs");
    await using service = await startServiceProcess(environment(join(dir.path, "data"), broker.mqtt));
    const [first = "", ...others] = macs(rounds + 1);
    await service.saveConfig(first, {}); // With it the broker is there.
    await announced.next();
    const delaysMs = await timed(others, async (mac) => {
      await service.saveConfig(mac, {});
      expect(await announced.next()).toEqual({ filename: `${mac}.json` });
    });
    did("saves", others.length);
    expect(percentile(50, delaysMs)).toBeLessThan(AT_ONCE_MS);
  },
);
