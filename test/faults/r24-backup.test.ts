import { expect } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { CommandLine } from "../support/command-line.ts";
import { backedUp, HistoryLog, randomLoad } from "../support/history/index.ts";
import type { Random } from "../support/random.ts";
import { row } from "../support/row.ts";
import { environment, type ServiceProcess, startServiceProcess } from "../support/service-process.ts";
import { smallDisk } from "../support/small-disk.ts";
import { tempDir } from "../support/temp-dir.ts";

const LOAD = { writers: 8, configs: 12, uploaders: 2 };

row(
  "R24",
  "a backup taken under load and restored elsewhere opens, is sound, and holds every 2xx from before its start",
  { rounds: { test: 3, full: 30 }, timeoutMs: 60_000 },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using service = await startServiceProcess(environment(join(dir.path, "data")));
    const underLoad = new UnderLoad(service, join(dir.path, "data"), random);
    for (let round = 0; round < rounds; round++) {
      await underLoad.expectBackupToHold(dir.path);
      did("backups restored");
    }
    did("answered changes", await underLoad.end());
  },
);

row(
  "R24",
  "so does one that is taken while replaced blobs are collected at once, as on a full disk",
  { rounds: { test: 3, full: 20 }, needs: ["a tmpfs to mount"], timeoutMs: 60_000 },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using disk = await smallDisk("40m");
    const dataDir = join(disk.path, "data");
    await using service = await startServiceProcess(environment(dataDir));
    const underLoad = new UnderLoad(service, dataDir, random);
    const enough = new AbortController();
    const collecting = fillOverAndOver(service, enough.signal);
    for (let round = 0; round < rounds; round++) {
      await underLoad.expectBackupToHold(dir.path);
      did("backups restored");
    }
    enough.abort();
    did("uploads that the disk could not hold", await collecting);
    did("answered changes", await underLoad.end());
  },
);

/** Uploads what the disk cannot hold, so that all that nothing names is collected at once; answers how often. */
async function fillOverAndOver(service: ServiceProcess, enough: AbortSignal): Promise<number> {
  const bytes = new Uint8Array(64 * 1024 * 1024);
  let times = 0;
  for (; !enough.aborted; times++) {
    expect((await service.tryToUpload({ name: "too-large.bin", bytes })).status).toBe(507);
  }
  return times;
}

/** A service at which clients of all kinds ask all the time, while their history is kept. */
class UnderLoad {
  readonly #log = new HistoryLog();
  readonly #stop = new AbortController();
  readonly #load: Promise<void>;

  constructor(
    service: ServiceProcess,
    private readonly dataDir: string,
    random: Random,
  ) {
    const client = this.#log.through(service);
    this.#load = randomLoad(client, random, { ...LOAD, stop: this.#stop.signal });
  }

  /** Takes a backup now, restores it elsewhere, and holds what is there against what was answered by now. */
  async expectBackupToHold(dir: string): Promise<void> {
    const file = join(dir, "backup.tar");
    const restored = join(dir, "restored");
    const began = performance.now();
    await new CommandLine(this.dataDir).succeed("backup", file);
    const log = new HistoryLog();
    for (const event of backedUp(this.#log.history, began)) log.begin(event);
    log.ended();

    const elsewhere = new CommandLine(restored);
    await elsewhere.succeed("restore", file);
    expect(await elsewhere.json("check")).toMatchObject({ ok: true, problems: [], notes: [] });
    await using service = await startServiceProcess(environment(restored));
    await log.through(service).readAll();
    log.expectToFit();
    await service.kill();
    await rm(restored, { recursive: true });
    await rm(file);
  }

  /** How many changes were answered in all. */
  async end(): Promise<number> {
    this.#stop.abort();
    await this.#load;
    this.#log.expectToFit();
    return this.#log.history.filter((each) => "answer" in each && each.answer.kind === "done").length;
  }
}
