import { expect } from "bun:test";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { HistoryLog, randomLoad } from "../support/history/index.ts";
import { openRaw } from "../support/raw-http.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Far from the seconds for which the first signal alone would let it wait. */
const AT_ONCE_MS = 4_000;

row(
  "R10",
  "a second SIGTERM or SIGINT ends it at once, and nothing that was answered is lost",
  { rounds: { test: 2, full: 20 }, timeoutMs: 120_000 },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using broker = await startBroker();
    await using announced = await broker.subscribe("iotsupport/updates/#");
    const env = environment(join(dir.path, "data"), broker.mqtt);
    const log = new HistoryLog();
    for (let round = 0; round < rounds; round++) {
      await using service = await startServiceProcess(env);
      using holdsItUp = await openRaw(service.url);
      await holdsItUp.send("GET /api/configs HTTP/1.1\r\nHost: half");
      const before = log.history.length;
      const load = randomLoad(log.through(service), random, { writers: 8, configs: 12, uploaders: 1 });
      await until("some is done", () => log.history.length > before + 50, 20_000);
      service.signal(random.pick(["SIGTERM", "SIGINT"]));
      await service.log.line(/"msg":"stopping"/);
      await Bun.sleep(random.int(0, 100)); // The moment is the fault: any will do.
      const second = performance.now();
      service.signal(random.pick(["SIGTERM", "SIGINT"]));
      expect(await service.exited(AT_ONCE_MS)).toBe(1);
      expect(performance.now() - second).toBeLessThan(AT_ONCE_MS);
      log.ended();
      await load;
      did("second signals");
    }
    await using service = await startServiceProcess(env);
    await log.expectToHold(service, announced);
  },
);
