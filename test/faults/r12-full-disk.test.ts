import { expect } from "bun:test";
import { closeSync, openSync, writeSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../../simulate/random.ts";
import { until } from "../support/deadline.ts";
import { ExpectedFiles, type Status } from "../support/expected-files.ts";
import { macs } from "../support/load.ts";
import { metricOf } from "../support/metrics.ts";
import { type RowOptions, row } from "../support/row.ts";
import { environment, type ServiceProcess, startServiceProcess } from "../support/service-process.ts";
import { type SmallDisk, smallDisk } from "../support/small-disk.ts";
import { attachTracer } from "../support/strace.ts";
import { tempDir } from "../support/temp-dir.ts";

const DISK = "24m";
const CONFIG_BYTES = 200_000;
const ASSET_BYTES = 1_000_000;
/** More than the disk takes of either. */
const MOST = 1_000;

const options = (test: number, full: number): RowOptions => ({
  rounds: { test, full },
  needs: ["a tmpfs to mount"],
});
const traced: RowOptions = { rounds: { test: 0, full: 3 }, needs: ["strace"] };

row(
  "R12",
  "a disk that saves fill: they are refused, reads go on, deletes make room for saves",
  options(1, 3),
  async (run) => {
    for (let round = 0; round < run.rounds; round++) {
      await using full = await startOnSmallDisk();
      const { service, files } = full;
      run.did("saves", await until507((nth) => files.save(service, macOf(nth), contentFrom(run.random))));
      expect(await healthOf(service)).toEqual([503, "the disk is full"]);
      expect(await metricOf(service, "iot_store_healthy")).toBe(0);
      expect((await service.request("GET", "/api/health/ready")).status).toBe(200);
      expect(await files.violations(service)).toEqual([]);
      for (const file of files.present) expect(await files.delete(service, file)).toBe(204);
      expect(await files.save(service, macOf(0), contentFrom(run.random))).toBe(200);
      expect(await healthOf(service)).toEqual([200, undefined]);
      await full.expectHeldAfterAKill();
    }
  },
);

row(
  "R12",
  "a disk that uploads fill: nothing half-written stays, deletes make room for all at once",
  options(1, 3),
  async (run) => {
    for (let round = 0; round < run.rounds; round++) {
      await using full = await startOnSmallDisk();
      const { service, files } = full;
      run.did("uploads", await until507((nth) => files.upload(service, `${nth}.bin`, assetFrom(run.random))));
      run.did("saves", await until507((nth) => files.save(service, macOf(nth), contentFrom(run.random))));
      expect(await readdir(join(full.dataDir, "tmp"))).toEqual([]);
      expect(await files.violations(service)).toEqual([]);
      const blobs = join(full.dataDir, "blobs");
      const least = (await readdir(blobs)).length - 3;
      for (const nth of [0, 1, 2]) expect(await files.delete(service, `assets/${nth}.bin`)).toBe(204);
      await until("their bytes are gone", async () => (await readdir(blobs)).length <= least);
      expect(await files.save(service, macOf(0), contentFrom(run.random))).toBe(200);
      expect(await files.upload(service, "0.bin", assetFrom(run.random))).toBe(200);
      expect(await healthOf(service)).toEqual([200, undefined]);
      await full.expectHeldAfterAKill();
    }
  },
);

row(
  "R12",
  "a disk that another program fills: what is refused is absent, and all works once it is gone",
  options(1, 8),
  async (run) => {
    for (let round = 0; round < run.rounds; round++) {
      await using full = await startOnSmallDisk();
      const { service, files } = full;
      const before = run.random.int(1, 40);
      const save = (nth: number) => files.save(service, macOf(nth), contentFrom(run.random));
      for (let nth = 0; nth < before; nth++) expect(await save(nth)).toBe(200);
      await using other = fillUp(full.disk);
      run.did("saves", await until507((nth) => save(before + nth)));
      expect(await files.upload(service, "fw.bin", assetFrom(run.random))).toBe(507);
      expect(await readdir(join(full.dataDir, "tmp"))).toEqual([]);
      expect(await files.delete(service, `configs/${macOf(0)}`)).toBe(204);
      expect(await files.violations(service)).toEqual([]);
      await other[Symbol.asyncDispose]();
      expect(await save(0)).toBe(200);
      expect(await files.upload(service, "fw.bin", assetFrom(run.random))).toBe(200);
      expect(await healthOf(service)).toEqual([200, undefined]);
      await full.expectHeldAfterAKill();
      run.did("disks filled by another");
    }
  },
);

row(
  "R12",
  "a disk that saves fill while deleted assets wait for their hour: they wait no longer",
  options(1, 3),
  async (run) => {
    for (let round = 0; round < run.rounds; round++) {
      await using full = await startOnSmallDisk();
      const { service, files } = full;
      for (let nth = 0; nth < 8; nth++) await files.upload(service, `${nth}.bin`, assetFrom(run.random));
      for (let nth = 0; nth < 8; nth++) await files.delete(service, `assets/${nth}.bin`);
      run.did("saves", await until507((nth) => files.save(service, macOf(nth), contentFrom(run.random))));
      await until("a save finds the room that was made", async () => {
        return (await files.save(service, macOf(0), contentFrom(run.random))) === 200;
      });
      expect(await files.violations(service)).toEqual([]);
    }
  },
);

row(
  "R12",
  "no room for a commit: it is refused, and the next succeeds once there is some",
  traced,
  async (run) => {
    await using dir = await tempDir();
    const env = environment(join(dir.path, "data"));
    await using service = await startServiceProcess(env);
    const files = new ExpectedFiles();
    for (let round = 0; round < run.rounds; round++) {
      expect(await files.save(service, macOf(0), contentFrom(run.random))).toBe(200);
      {
        const path = join(dir.path, "data/iotsupport.db-wal");
        await using _ = await attachTracer(service.pid, { calls: "pwrite64", inject: "error=ENOSPC", path });
        expect(await files.save(service, macOf(0), contentFrom(run.random))).toBe(507);
        expect(await files.delete(service, `configs/${macOf(0)}`)).toBe(507);
        expect(await healthOf(service)).toEqual([503, "the disk is full"]);
        expect(await files.violations(service)).toEqual([]);
      }
      expect(await files.save(service, macOf(0), contentFrom(run.random))).toBe(200);
      expect(await healthOf(service)).toEqual([200, undefined]);
      run.did("commits without room");
    }
    await service.kill();
    await using again = await startServiceProcess(env);
    expect(await files.violations(again)).toEqual([]);
  },
);

row(
  "R12",
  "no room for a checkpoint: saves go on in the log, and nothing of it is lost",
  traced,
  async (run) => {
    await using dir = await tempDir();
    const env = environment(join(dir.path, "data"));
    const files = new ExpectedFiles();
    for (let round = 0; round < run.rounds; round++) {
      await using service = await startServiceProcess(env);
      const path = join(dir.path, "data/iotsupport.db");
      await using tracer = await attachTracer(service.pid, {
        calls: "pwrite64",
        inject: "error=ENOSPC",
        path,
      });
      for (let nth = 0; nth < 50; nth++) {
        expect(await files.save(service, macOf(nth % 10), contentFrom(run.random))).toBe(200);
      }
      const checkpoints = (await tracer.calls()).length;
      expect(checkpoints).toBeGreaterThan(0);
      run.did("checkpoints without room", checkpoints);
      await service.kill();
      await using again = await startServiceProcess(env);
      expect(await files.violations(again)).toEqual([]);
    }
  },
);

/** A service whose data lies on a disk that can run full. */
class OnSmallDisk implements AsyncDisposable {
  readonly files = new ExpectedFiles();

  constructor(
    readonly disk: SmallDisk,
    readonly dataDir: string,
    readonly service: ServiceProcess,
  ) {}

  async expectHeldAfterAKill(): Promise<void> {
    await this.service.kill();
    await using again = await startServiceProcess(environment(this.dataDir));
    expect(await this.files.violations(again)).toEqual([]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
    await this.disk[Symbol.asyncDispose]();
  }
}

async function startOnSmallDisk(): Promise<OnSmallDisk> {
  const disk = await smallDisk(DISK);
  const dataDir = join(disk.path, "data");
  return new OnSmallDisk(disk, dataDir, await startServiceProcess(environment(dataDir)));
}

/** How often it went well before there was no room. */
async function until507(attempt: (nth: number) => Promise<Status>): Promise<number> {
  for (let nth = 0; nth < MOST; nth++) {
    const status = await attempt(nth);
    if (status === 507) return nth;
    expect(status).toBe(200);
  }
  throw new Error(`still room after ${MOST}`);
}

/** A file of another's that takes all the room there is, until it is disposed of. */
function fillUp(disk: SmallDisk): AsyncDisposable {
  const path = join(disk.path, "another program's");
  const file = openSync(path, "w");
  for (let bytes = 64 * 1024; bytes >= 1; bytes = Math.floor(bytes / 2)) {
    while (tryToWrite(file, bytes) === bytes);
  }
  closeSync(file);
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

function tryToWrite(file: number, bytes: number): number {
  try {
    return writeSync(file, new Uint8Array(bytes));
  } catch {
    return 0;
  }
}

async function healthOf(service: ServiceProcess): Promise<[status: number, reason: string | undefined]> {
  const response = await service.request("GET", "/api/health");
  const { reason } = JSON.parse(await response.text());
  return [response.status, reason];
}

/** Unlike any other, so that no page of it is there already. */
function contentFrom(random: Random): string {
  return JSON.stringify({ filling: bytesFrom(random, CONFIG_BYTES / 2).toString("hex") });
}

function assetFrom(random: Random): Buffer {
  return bytesFrom(random, ASSET_BYTES);
}

/** Fast, where `random.bytes` is not. */
function bytesFrom(random: Random, length: number): Buffer {
  const pattern = random.bytes(64);
  return Buffer.alloc(length, pattern);
}

function macOf(nth: number): string {
  return macs(nth + 1)[nth] ?? "";
}
