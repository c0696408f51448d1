import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { mkdir, readdir, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { ExpectedFiles } from "../support/expected-files.ts";
import { row } from "../support/row.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { attachTracer, type Tampering } from "../support/strace.ts";
import { tempDir } from "../support/temp-dir.ts";

/** A name as a blob has it, which no row knows. */
const STRANGER = "5".repeat(64);
/** More than an upload takes, between claim and answer. */
const MOST_CALLS = 100;

row(
  "R14",
  "a kill at each step of an upload leaves the old or the new, and nothing that is not collected later",
  { rounds: { test: 0, full: 1 }, needs: ["strace"] },
  async ({ random, did }) => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "data");
    const files = new ExpectedFiles();
    for (const [step, tampering] of stepsOf(dataDir)) {
      for (let nth = 1; nth < MOST_CALLS; nth++) {
        await using service = await startServiceProcess(environment(dataDir));
        expect({ step, nth, problems: await files.violations(service) }).toEqual({ step, nth, problems: [] });
        expect(await unremembered(dataDir)).toEqual([]);
        const inject = `signal=SIGKILL:when=${nth}`;
        await using _ = await attachTracer(service.pid, { ...tampering, inject });
        const status = await files.upload(service, "fw.bin", random.bytes(random.int(1, 50_000)));
        if (status === 200) break; // It takes fewer calls than that.
        expect(status).toBeNull();
        did("kills");
        await service.exited();
      }
      did("steps");
    }
    await collectAsAfterAnHour(dataDir);
    await using service = await startServiceProcess(environment(dataDir));
    expect(await files.violations(service)).toEqual([]);
    expect((await readdir(join(dataDir, "blobs"))).toSorted()).toEqual(named(dataDir).toSorted());
  },
);

row(
  "R14",
  "a blob that nothing names is collected after its grace period, never because a listing showed it",
  {},
  async ({ did }) => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "data");
    {
      await using service = await startServiceProcess({ ...environment(dataDir), KEEP_REVISIONS: "1" });
      await service.uploadAsset("fw.bin", "old");
      await service.uploadAsset("fw.bin", "new");
      await service.uploadAsset("gone.bin", "gone");
      await service.request("DELETE", "/api/assets/gone.bin");
    }
    await writeFile(join(dataDir, "blobs", STRANGER), "of whom no row knows");
    {
      await using service = await startServiceProcess(environment(dataDir)); // Which begins with a round of collecting.
      service.signal("SIGTERM"); // Which waits for its end.
      expect(await service.exited()).toBe(0);
      expect(await readdir(join(dataDir, "blobs"))).toHaveLength(4);
    }
    await collectAsAfterAnHour(dataDir);
    expect((await readdir(join(dataDir, "blobs"))).toSorted()).toEqual(
      [...named(dataDir), STRANGER].toSorted(),
    );
    did("blobs collected", 2);
    did("strangers left alone");
  },
);

row(
  "R14",
  "an upload whose bytes cannot be given their name leaves nothing, and can be repeated",
  {},
  async ({ did }) => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "data");
    const bytes = "what stands in the way is a folder of that name";
    const inTheWay = join(dataDir, "blobs", new Bun.CryptoHasher("sha256").update(bytes).digest("hex"));
    const files = new ExpectedFiles();
    await using service = await startServiceProcess(environment(dataDir));
    await files.upload(service, "fw.bin", "old");
    await mkdir(inTheWay);
    expect(await files.upload(service, "fw.bin", bytes)).toBe(503);
    expect(await readdir(join(dataDir, "tmp"))).toEqual([]);
    expect(await files.violations(service)).toEqual([]);
    await rmdir(inTheWay);
    expect(await files.upload(service, "fw.bin", bytes)).toBe(200);
    expect(await files.violations(service)).toEqual([]);
    did("renames that failed");
  },
);

/** The system calls at which an upload can be cut off, in the order in which it comes to them. */
function stepsOf(dataDir: string): [step: string, tampering: Tampering][] {
  return [
    ["its bytes are flushed", { calls: "fsync,fdatasync" }],
    ["they are claimed, and named by a row", { calls: "pwrite64,fsync,fdatasync", path: logIn(dataDir) }],
    ["they get their name", { calls: "rename,renameat,renameat2" }],
    ["the name is flushed", { calls: "fsync,fdatasync", path: join(dataDir, "blobs") }],
    ["what is temporary is removed", { calls: "unlink,unlinkat" }],
    ["it is answered", { calls: "sendto,sendmsg,writev" }],
  ];
}

/** Blobs on the disk that are in no row, which would stay for ever. */
async function unremembered(dataDir: string): Promise<string[]> {
  const known = select(dataDir, "select sha256 from blobs");
  return (await readdir(join(dataDir, "blobs"))).filter((sha256) => !known.includes(sha256));
}

function named(dataDir: string): string[] {
  return select(
    dataDir,
    "select distinct sha256 from revisions where kind = 'assets' and sha256 is not null",
  );
}

function select(dataDir: string, sql: string): string[] {
  using db = new Database(join(dataDir, "iotsupport.db"), { readonly: true });
  return db
    .query<{ sha256: string }, []>(sql)
    .all()
    .map(({ sha256 }) => sha256);
}

/** Sets back the times in the database of a service that was ended, and lets one start, which collects. */
async function collectAsAfterAnHour(dataDir: string): Promise<void> {
  {
    using db = new Database(join(dataDir, "iotsupport.db"));
    db.run("update claims set expires_at = 0");
    db.run("update blobs set unnamed_since = 0 where unnamed_since is not null");
  }
  await using service = await startServiceProcess(environment(dataDir));
  await service.log.line(/removed blobs that no revision names/);
  await until(
    "none is left to collect",
    () => select(dataDir, "select sha256 from blobs where unnamed_since = 0").length === 0,
  );
}

function logIn(dataDir: string): string {
  return join(dataDir, "iotsupport.db-wal");
}
