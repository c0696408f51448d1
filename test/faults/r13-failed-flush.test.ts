import { expect } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ExpectedFiles, type Status } from "../support/expected-files.ts";
import { macs } from "../support/load.ts";
import { type RowOptions, row } from "../support/row.ts";
import type { ServiceClient } from "../support/service-client.ts";
import { environment, failToStart, startServiceProcess } from "../support/service-process.ts";
import { attachTracer, type Tampering, tracedInto } from "../support/strace.ts";
import { tempDir } from "../support/temp-dir.ts";

const WRITERS = 8;
/** A service that is none the wiser by then will not end. */
const MOST_SAVES = 2_000;
/** A save of its own size each, so that the log is emptied into the database every few dozen of them. */
const SAVES_PER_CHECKPOINT = 100;

const options = (full: number): RowOptions => ({ rounds: { test: 0, full }, needs: ["strace"] });

row(
  "R13",
  "a save whose write or flush fails is not answered 2xx, nor is any later one",
  options(16),
  async (run) => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "data");
    const env = environment(dataDir);
    const files = new ExpectedFiles();
    for (let round = 0; round < run.rounds; round++) {
      await using service = await startServiceProcess(env);
      expect(await files.violations(service)).toEqual([]);
      // One that is told once, as Linux does, and then never again; or every one from there on.
      const when = `${run.random.int(1, 12)}${run.random.pick(["", "+"])}`;
      const calls = run.random.pick(["fsync,fdatasync", "pwrite64"]);
      const failing = { calls, inject: `error=EIO:when=${when}`, path: join(dataDir, "iotsupport.db-wal") };
      await using _ = await attachTracer(service.pid, failing);
      const saves = await saveUntilItEnds(service, files);
      const failedAt = Math.min(
        ...saves.map(({ status, at }) => (status === 200 ? Number.POSITIVE_INFINITY : at)),
      );
      expect(saves.filter(({ status, sentAt }) => status === 200 && sentAt > failedAt)).toEqual([]);
      expect(saves.some(({ status }) => status === 503)).toBe(true);
      expect(await service.exited()).toBe(1);
      run.did("saves answered 200", saves.filter(({ status }) => status === 200).length);
      run.did("services whose log could not be written or flushed");
    }
    await using service = await startServiceProcess(env);
    expect(await files.violations(service)).toEqual([]);
  },
);

row(
  "R13",
  "a failed flush of the database takes nothing from what the log holds",
  options(3),
  async (run) => {
    await using dir = await tempDir();
    const env = environment(join(dir.path, "data"));
    const files = new ExpectedFiles();
    const [mac = ""] = macs(1);
    for (let round = 0; round < run.rounds; round++) {
      await using service = await startServiceProcess(env);
      const path = join(dir.path, "data/iotsupport.db");
      await using tracer = await attachTracer(service.pid, {
        calls: "fsync,fdatasync",
        inject: "error=EIO",
        path,
      });
      let status: Status = 200;
      for (let save = 0; save < SAVES_PER_CHECKPOINT && status === 200; save++) {
        status = await files.save(service, mac, { filling: run.random.bytes(50_000).toString("base64") });
        run.did("saves");
      }
      run.did("flushes of the database that failed", (await tracer.calls()).length);
      expect((await tracer.calls()).length).toBeGreaterThan(0);
      await service.kill();
      await using again = await startServiceProcess(env);
      expect(await files.violations(again)).toEqual([]);
    }
  },
);

/** Where an upload meets the disk, before its row is written. */
const places: readonly (readonly [what: string, tampering: (dataDir: string) => Tampering])[] = [
  ["flush of an asset's bytes", () => ({ calls: "fsync,fdatasync", inject: "error=EIO" })],
  ["naming of an asset's bytes", () => ({ calls: "rename,renameat,renameat2", inject: "error=EIO" })],
  ["flush of an asset's name", (dataDir) => flushOf(join(dataDir, "blobs"))],
];

for (const [what, tampering] of places) {
  row(
    "R13",
    `an upload is refused where the ${what} fails; health says so; all else goes on`,
    options(3),
    async (run) => {
      await using dir = await tempDir();
      const dataDir = join(dir.path, "data");
      const env = environment(dataDir);
      const files = new ExpectedFiles();
      const [mac = ""] = macs(1);
      await using service = await startServiceProcess(env);
      await files.save(service, mac, {});
      await files.upload(service, "kept.bin", "kept");
      for (let round = 0; round < run.rounds; round++) {
        const bytes = run.random.bytes(run.random.int(1, 200_000));
        {
          await using _ = await attachTracer(service.pid, tampering(dataDir));
          expect(await files.upload(service, "fw.bin", bytes)).toBe(503);
          expect(await healthOf(service)).toEqual([503, "an asset could not be written: EIO"]);
          expect(await readdir(join(dataDir, "tmp"))).toEqual([]);
        }
        expect(await files.violations(service)).toEqual([]);
        expect(await healthOf(service)).toEqual([503, "an asset could not be written: EIO"]);
        expect(await files.upload(service, "fw.bin", bytes)).toBe(200);
        expect(await healthOf(service)).toEqual([200, undefined]);
        run.did("uploads that met it");
      }
      await service.kill();
      await using again = await startServiceProcess(env);
      expect(await files.violations(again)).toEqual([]);
    },
  );
}

row("R13", "a service whose folder's names cannot be flushed does not start", options(1), async ({ did }) => {
  await using dir = await tempDir();
  const dataDir = join(dir.path, "data");
  const { exitCode, log } = await failToStart(
    environment(dataDir),
    tracedInto(join(dir.path, "calls.txt"), flushOf(dataDir)),
  );
  expect(log.all).toEqual([expect.stringMatching(/iotsupport\.db cannot be opened: EIO/)]);
  expect(exitCode).toBe(1);
  did("starts");
});

type Save = { readonly sentAt: number; readonly at: number; readonly status: Status };

/** Saves on many connections until no answer comes any more, also after those that are no success. */
async function saveUntilItEnds(service: ServiceClient, files: ExpectedFiles): Promise<Save[]> {
  const saves: Save[] = [];
  const writers = macs(WRITERS).map(async (mac) => {
    for (let status: Status = 200; status !== null && saves.length < MOST_SAVES; ) {
      const sentAt = performance.now();
      status = await files.save(service, mac, { save: saves.length });
      saves.push({ sentAt, at: performance.now(), status });
      if (status !== 200) expect(await isHealthy(service)).toBe(false);
    }
  });
  await Promise.all(writers);
  return saves;
}

async function isHealthy(service: ServiceClient): Promise<boolean> {
  const response = await service.request("GET", "/api/health").catch(() => null);
  return response?.status === 200;
}

async function healthOf(service: ServiceClient): Promise<[status: number, reason: string | undefined]> {
  const response = await service.request("GET", "/api/health");
  const { reason } = JSON.parse(await response.text());
  return [response.status, reason];
}

function flushOf(path: string): Tampering {
  return { calls: "fsync,fdatasync", inject: "error=EIO", path };
}
