import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { contentOf } from "../../bench/load/content.ts";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { atOnce, macs, percentile } from "../support/load.ts";
import { ProcessFigures } from "../support/process-figures.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { atMost, exactly, type Finding, told } from "./finding.ts";
import type { SoakRow } from "./soak-row.ts";

const CONNECTIONS = 16;
const TENTHS = 10;
const DRAINED_WITHIN_MS = 60_000;

export const manySaves: SoakRow = {
  id: "S1",
  promise: "a million saves later a save takes as long as at first, and the files are no larger",
  async run({ configs, saves }, say) {
    await using dir = await tempDir();
    await using broker = await startBroker();
    const dataDir = join(dir.path, "data");
    const kept = Math.max(1, Math.floor(saves / TENTHS / configs)); // So that every history is full after the first tenth.
    await using service = await startServiceProcess({
      ...environment(dataDir, broker.mqtt),
      KEEP_REVISIONS: String(kept),
    });
    const figures = new ProcessFigures(service.pid);
    const files = macs(configs);
    const saveAll = async (numbers: readonly number[]) => {
      const took = new Float64Array(numbers.length);
      await atOnce(CONNECTIONS, [...numbers.entries()], async ([at, number]) => {
        const began = performance.now();
        await service.saveConfig(files[number % files.length] ?? "", contentOf(number));
        took[at] = performance.now() - began;
      });
      return [...took];
    };

    await saveAll(Array.from(files.keys())); // Each is there, and all is warm.
    const tenths: { readonly took: number[]; readonly sizes: Sizes }[] = [];
    const began = performance.now();
    for (let tenth = 0; tenth < TENTHS; tenth++) {
      const count = Math.floor(saves / TENTHS);
      const took = await saveAll(Array.from({ length: count }, (_, at) => tenth * count + at));
      tenths.push({ took, sizes: sizesIn(dataDir) });
      say(
        `${(tenth + 1) * count} saves, median ${percentile(50, took).toFixed(2)} ms, ${figures.residentMb.toFixed(0)} MB`,
      );
    }
    const seconds = (performance.now() - began) / 1000;
    await until(
      "all is announced",
      async () => (await service.health()).pending_announcements === 0,
      DRAINED_WITHIN_MS,
    );
    return [
      told("saves a second, 16 connections", saves / seconds, "/s"),
      told("revisions kept of each config", kept, ""),
      ...flatness(tenths.map(({ took }) => took)),
      ...boundedness(tenths.map(({ sizes }) => sizes)),
      atMost("resident memory at the end", figures.residentMb, 300, "MB"),
      exactly("announcements left", (await service.health()).pending_announcements, 0),
    ];
  },
};

type Sizes = { readonly databaseMb: number; readonly logMb: number; readonly restMb: number };

function flatness(tenths: readonly (readonly number[])[]): Finding[] {
  const [first = [], last = []] = [tenths[0], tenths.at(-1)];
  const ratioAt = (percent: number) => percentile(percent, last) / percentile(percent, first);
  return [
    told("median save, first tenth", percentile(50, first), "ms"),
    atMost("median save, last tenth ÷ first", ratioAt(50), 1.2, "×"),
    told("p99 of saves, first tenth", percentile(99, first), "ms"),
    told("p99 of saves, last tenth ÷ first", ratioAt(99), "×"),
  ];
}

function boundedness(sizes: readonly Sizes[]): Finding[] {
  const [first, last] = [sizes[0], sizes.at(-1)];
  return [
    told("database after the first tenth", first?.databaseMb ?? Number.NaN, "MB"),
    atMost(
      "database, last tenth ÷ first",
      (last?.databaseMb ?? Number.NaN) / (first?.databaseMb ?? Number.NaN),
      1.2,
      "×",
    ),
    atMost("its log, at most", Math.max(...sizes.map(({ logMb }) => logMb)), 32, "MB"),
    atMost("everything else, at most", Math.max(...sizes.map(({ restMb }) => restMb)), 16, "MB"),
  ];
}

function sizesIn(dataDir: string): Sizes {
  const entries = readdirSync(dataDir, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const mbOf = (is: (name: string) => boolean) =>
    entries
      .filter(({ name }) => is(name))
      .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0) /
    1024 ** 2;
  const isDatabase = (name: string) => name === "iotsupport.db";
  const isLog = (name: string) => name === "iotsupport.db-wal";
  return {
    databaseMb: mbOf(isDatabase),
    logMb: mbOf(isLog),
    restMb: mbOf((name) => !isDatabase(name) && !isLog(name)),
  };
}
