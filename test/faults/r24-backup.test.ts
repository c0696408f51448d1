import { expect } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../../simulate/random.ts";
import { CommandLine } from "../support/command-line.ts";
import { backedUp, HistoryLog, type LoggedClient, randomLoad } from "../support/history/index.ts";
import { row } from "../support/row.ts";
import { environment, type ServiceProcess, startServiceProcess } from "../support/service-process.ts";
import { smallDisk } from "../support/small-disk.ts";
import { tempDir } from "../support/temp-dir.ts";

const LARGE_ASSETS = 20;
const LARGE_BYTES = 400_000;
const TOO_LARGE_BYTES = 32 * 1024 * 1024;
const LOAD = { writers: 8, configs: 12, uploaders: 2 };

row(
  "R24",
  "a backup taken under load and restored elsewhere opens, is sound, and holds every 2xx from before its start",
  { rounds: { test: 3, full: 30 }, timeoutMs: 120_000 },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using service = await startServiceProcess(environment(join(dir.path, "data")));
    await using underLoad = new UnderLoad(service, join(dir.path, "data"), random);
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
  { rounds: { test: 5, full: 20 }, needs: ["a tmpfs to mount"], timeoutMs: 120_000 },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using disk = await smallDisk("36m");
    const dataDir = join(disk.path, "data");
    await using service = await startServiceProcess(environment(dataDir));
    await using underLoad = new UnderLoad(service, dataDir, random);
    underLoad.replaceAssets();
    underLoad.collectAtOnce();
    for (let round = 0; round < rounds; round++) {
      await underLoad.expectBackupToHold(dir.path);
      did("backups restored");
    }
    did("answered changes", await underLoad.end());
    did("uploads that the disk could not hold", underLoad.refused);
  },
);

/** A service at which clients of all kinds ask all the time, while their history is kept. */
class UnderLoad implements AsyncDisposable {
  readonly #log = new HistoryLog();
  readonly #stop = new AbortController();
  readonly #client: LoggedClient;
  readonly #load: Promise<void>[] = [];
  refused = 0;

  constructor(
    private readonly service: ServiceProcess,
    private readonly dataDir: string,
    random: Random,
  ) {
    this.#client = this.#log.through(service);
    this.#load.push(randomLoad(this.#client, random, { ...LOAD, stop: this.#stop.signal }));
  }

  /** Replaces one large asset after the other, so that much of what a backup names is collected while it is taken. */
  replaceAssets(): void {
    this.#whileAsked(async (turn) => {
      await this.#client.save(`assets/large-${turn % LARGE_ASSETS}.bin`, "none", LARGE_BYTES);
    });
  }

  /** Uploads over and over what the disk cannot hold, so that all that nothing names is collected at once. */
  collectAtOnce(): void {
    const bytes = new Uint8Array(TOO_LARGE_BYTES);
    this.#whileAsked(async () => {
      expect((await this.service.tryToUpload({ name: "too-large.bin", bytes })).status).toBe(507);
      this.refused += 1;
    });
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
    await Promise.all(this.#load);
    this.#log.expectToFit();
    return this.#log.history.filter((each) => "answer" in each && each.answer.kind === "done").length;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#load);
  }

  #whileAsked(act: (turn: number) => Promise<void>): void {
    const all = async () => {
      for (let turn = 0; !this.#stop.signal.aborted; turn++) await act(turn);
    };
    const ended = all();
    ended.catch(() => {}); // Told by who awaits it.
    this.#load.push(ended);
  }
}
