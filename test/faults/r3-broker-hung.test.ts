import { expect } from "bun:test";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { HistoryLog } from "../support/history/index.ts";
import { startLink } from "../support/link.ts";
import { atOnce, macs, percentile, timedInTurns } from "../support/load.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { startUsual } from "./usual-service.ts";

const RECEIVE_MAXIMUM = 20;
const NOISE_MS = 10;
const BACK_WITHIN_MS = 2_000;
const BACK_WITHIN_BUSY_MS = 10_000;
/** The publish deadline of 5 s and some for a busy machine, but less than the keepalive would take to notice. */
const GIVEN_UP_WITHIN_MS = 12_000;
const GIVEN_UP_WITHIN_BUSY_MS = 30_000;

row(
  "R3",
  "a hung broker holds up no save; its connection is given up; what was in flight comes at most twice, all else once",
  { rounds: { test: 1, full: 3 }, timeoutMs: 120_000, waits: true },
  async ({ rounds, isFull, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker({ receiveMaximum: RECEIVE_MAXIMUM });
    await using announced = await broker.subscribe("iotsupport/updates/configs");
    await using link = await startLink(broker);
    await using service = await startServiceProcess(environment(join(dir.path, "data"), link.mqtt));
    const files = macs(isFull ? 2_000 : 300).map((mac) => `configs/${mac}`);
    const few = files.slice(0, isFull ? 500 : 100);
    await using usual = await startUsual(join(dir.path, "usual"));
    const log = new HistoryLog();
    const save = (file: string) => log.through(service).save(file);
    for (let round = 0; round < rounds; round++) {
      await timedInTurns(few, save, usual.save); // To be warm.
      await log.allAnnounced(announced);

      await link.cut();
      await atOnce(8, files, save);
      const published = link.holdPubacks();
      const connections = link.connections;
      await link.restore();
      await published;
      await until("as many are in flight as may be", () => link.mostInFlight === RECEIVE_MAXIMUM);
      broker.freeze();
      const took = await timedInTurns(few, save, usual.save);
      if (isFull) expect(percentile(99, took.act)).toBeLessThan(2 * percentile(99, took.other) + NOISE_MS);
      await until(
        "the hung connection is given up",
        () => link.connections > connections + 1,
        isFull ? GIVEN_UP_WITHIN_MS : GIVEN_UP_WITHIN_BUSY_MS,
      );
      expect(link.mostInFlight).toBe(RECEIVE_MAXIMUM);
      expect(await service.health()).toMatchObject({ status: "healthy", mqtt: "disconnected" });
      if (isFull) await Bun.sleep(15_000); // Round after round, if it published while it gets no answer.

      link.letPubacksThrough(); // They are of the connection that is gone.
      broker.thaw();
      const thawed = performance.now();
      const isAll = (payloads: readonly string[]) => new Set(payloads).size === files.length;
      const all = await announced.collect(
        "all",
        (taken) => isAll(taken.map(({ payload }) => payload)),
        30_000,
      );
      expect(Number(all.at(-1)?.at) - thawed).toBeLessThan(isFull ? BACK_WITHIN_MS : BACK_WITHIN_BUSY_MS);
      log.heard(all);
      await log.expectToHold(service, announced);
      const twice = log.copies.filter((each) => each > 1);
      expect(twice.filter((each) => each > 2)).toEqual([]);
      expect(twice.length).toBeLessThanOrEqual((round + 1) * RECEIVE_MAXIMUM);
      did("hangs");
      did("saves", few.length * 2 + files.length);
    }
  },
);
