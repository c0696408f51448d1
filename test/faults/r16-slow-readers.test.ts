import { expect } from "bun:test";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { macs, percentile, timed } from "../support/load.ts";
import { ProcessFigures } from "../support/process-figures.ts";
import { openRaw } from "../support/raw-http.ts";
import { row } from "../support/row.ts";
import type { ServiceClient } from "../support/service-client.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { readSlowly } from "../support/slow-reader.ts";
import { tempDir } from "../support/temp-dir.ts";

const NAME = "fw.bin";
const PATH = `/api/assets/${NAME}`;
const LARGE_BYTES = 50_000_000;
/** At this pace the kernel takes nothing more from the service for a minute: it has megabytes yet to send. */
const BYTES_PER_SECOND = 15_000;
const SLOW_MS = 90_000;
/** Below this, what a request takes is up to the machine's mood. */
const NOISE_MS = 10;
/** For so many readers together, besides what the service has anyway. */
const MOST_MB = 100;
/** The service's own 2 minutes, and until it looks again. */
const STUCK_WITHIN_MS = 140_000;

row(
  "R16",
  "slow readers of a large asset hold up nobody, and take little memory",
  { rounds: { test: 100, full: 500 } },
  async ({ rounds, isFull, did }) => {
    const requests = isFull ? 2_000 : 200;
    await using dir = await tempDir();
    await using service = await startServiceProcess(environment(join(dir.path, "data")));
    const figures = new ProcessFigures(service.pid);
    await service.uploadAsset(NAME, new Uint8Array(LARGE_BYTES));
    await askOften(service, requests); // So that what is compared is warm.
    const alone = await askOften(service, requests);
    figures.forgetPeak();
    const memoryMb = figures.residentMb;
    using readers = new DisposableStack();
    const all = Array.from({ length: rounds }, () =>
      readers.use(readSlowly(service.url, PATH, BYTES_PER_SECOND)),
    );
    await until("each has begun to read", () => all.every(({ received }) => received > 0), 30_000);
    const beside = await askOften(service, requests);
    expect(all.every(({ isOpen }) => isOpen)).toBe(true);
    expect(figures.peakMb - memoryMb).toBeLessThan(MOST_MB);
    if (isFull) {
      for (const [what, ms] of Object.entries(beside)) {
        const most = 3 * percentile(99, alone[what] ?? []) + NOISE_MS;
        expect({ what, p99: percentile(99, ms), most }).toSatisfy(({ p99 }) => p99 <= most);
      }
    }
    did("slow readers", rounds);
    did("requests of others", requests);
  },
);

row(
  "R16",
  "a reader that stands still is ended at its deadline; one that goes on, however slowly, gets all",
  { rounds: { test: 0, full: 1 }, waits: true },
  async ({ did }) => {
    await using dir = await tempDir();
    await using service = await startServiceProcess(environment(join(dir.path, "data")));
    const figures = new ProcessFigures(service.pid);
    await service.uploadAsset(NAME, new Uint8Array(LARGE_BYTES));
    await service.listConfigs(); // Lists are read in a thread of its own, whose files stay open from the first on.
    const before = figures.openFiles;
    using stuck = await openRaw(service.url);
    stuck.stopReading();
    await stuck.send(`GET ${PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    using slow = readSlowly(service.url, PATH, BYTES_PER_SECOND);
    using slowAtDoor = readSlowly(service.url, `/api/firmware/${NAME}`, BYTES_PER_SECOND);
    await until("all have their asset open", () => figures.openFiles >= before + 6);
    await Bun.sleep(SLOW_MS);
    for (const reader of [slow, slowAtDoor]) {
      reader.hurry();
      await reader.ended;
      expect(reader.received).toBeGreaterThan(LARGE_BYTES);
    }
    await until("the stuck one is ended", () => figures.openFiles <= before, STUCK_WITHIN_MS);
    did("readers that stood still");
    did("seconds of slow reading", SLOW_MS / 1_000);
  },
);

/** How long requests of the usual kinds take, one after another, in milliseconds. */
async function askOften(
  service: ServiceClient,
  requests: number,
): Promise<Readonly<Record<string, number[]>>> {
  const files = macs(requests / 2);
  return {
    save: await timed(files, (mac) => service.saveConfig(mac, {})),
    get: await timed(files, (mac) => service.fetchConfig(mac)),
  };
}
