import { expect } from "bun:test";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { HistoryLog, randomLoad } from "../support/history/index.ts";
import { row } from "../support/row.ts";
import { environment, failToStart, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

row(
  "R11",
  "a second service on one data directory ends with one message; the first notices nothing; no lock outlives a kill -9",
  { rounds: { test: 1, full: 10 }, timeoutMs: 120_000 },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe("iotsupport/updates/#");
    await symlink(join(dir.path, "data"), join(dir.path, "another way to it"));
    const env = environment(join(dir.path, "data"), broker.mqtt);
    const log = new HistoryLog();
    for (let round = 0; round < rounds; round++) {
      await using first = await startServiceProcess(env);
      const over = new AbortController();
      const load = randomLoad(log.through(first), random, {
        writers: 4,
        configs: 8,
        uploaders: 1,
        stop: over.signal,
      });
      const logged = first.log.all.length;
      for (const way of ["data", "another way to it"]) {
        const second = await failToStart({ ...env, DATA_DIR: join(dir.path, way) });
        expect(second.exitCode).toBe(1);
        expect(second.log.all).toHaveLength(1);
        expect(second.log.all[0]).toMatch(/another service is running on this data directory/);
        did("second starts");
      }
      over.abort();
      await load;
      expect(log.history.filter((each) => "answer" in each && each.answer.kind === "lost")).toEqual([]);
      expect(first.log.all.slice(logged).filter((line) => JSON.parse(line).level > 30)).toEqual([]);
      await first.kill();
      log.ended();
      did("kills");
    }
    await using next = await startServiceProcess(env);
    await log.expectToHold(next, announced);
  },
);

row(
  "R11",
  "of services started at once on one data directory, one runs",
  { rounds: { test: 1, full: 10 } },
  async ({ rounds, did }) => {
    await using dir = await tempDir();
    const env = environment(join(dir.path, "data"));
    for (let round = 0; round < rounds; round++) {
      const starts = await Promise.allSettled(Array.from({ length: 3 }, () => startServiceProcess(env)));
      const running = starts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
      await Promise.all(running.map((each) => each.kill()));
      expect(running).toHaveLength(1);
      const refusals = starts.flatMap((each) => (each.status === "rejected" ? [String(each.reason)] : []));
      expect(refusals.filter((each) => /another service is running/.test(each))).toHaveLength(2);
      did("starts at once", starts.length);
    }
  },
);
