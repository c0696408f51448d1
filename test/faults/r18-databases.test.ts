import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { cp, mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { macs } from "../support/load.ts";
import { row } from "../support/row.ts";
import {
  environment,
  failToStart,
  type ServiceProcess,
  startServiceProcess,
} from "../support/service-process.ts";
import { tracedInto } from "../support/strace.ts";
import { tempDir } from "../support/temp-dir.ts";

const [PORCH = ""] = macs(1);
const OURS = 0x69_6f_74_73;
/** More than a start takes. */
const MOST_CALLS = 500;

row("R18", "a database of an older version is brought up to date", {}, async ({ did }) => {
  await using dir = await tempDir();
  const { dataDir, database } = await folderIn(dir.path);
  makeOlder(database);
  await using service = await startServiceProcess(environment(dataDir));
  await service.saveConfig(PORCH, {});
  did("databases of version 0");
});

row(
  "R18",
  "a start that is killed at any step of making or migrating a database is made up for by the next",
  { rounds: { test: 0, full: 1 }, needs: ["strace"] },
  async ({ random, did }) => {
    for (const [state, make] of [
      ["new", () => {}],
      ["older", makeOlder],
    ] as const) {
      for (let nth = 1; nth < MOST_CALLS; nth += random.int(1, 4)) {
        await using dir = await tempDir();
        const { dataDir, database } = await folderIn(dir.path);
        make(database);
        await using killed = await startUnlessKilledAt(nth, dataDir, join(dir.path, "calls.txt"));
        if (killed !== null) break; // A start takes fewer calls than that.
        await using service = await startServiceProcess(environment(dataDir));
        await service.saveConfig(PORCH, {});
        did(`kills of a start on a database that was ${state}`);
      }
    }
  },
);

type Unusable = readonly [
  what: string,
  rounds: { readonly test: number; readonly full: number },
  make: (database: string, random: () => number) => Promise<void>,
  reason: RegExp,
];

const unusable: readonly Unusable[] = [
  [
    "of a newer version",
    { test: 1, full: 1 },
    async (database) => change(database, "pragma user_version = 99"),
    /is of version 99, newer than this program's \d+; start the newer program, or restore a backup/,
  ],
  [
    "that was cut short",
    { test: 2, full: 20 },
    async (database, random) => {
      const { size } = await stat(database);
      await truncate(database, 1 + Math.floor(random() * (size - 1)));
    },
    /(is damaged|is not a database).*; restore a backup, or move it away to begin anew/,
  ],
  [
    "that is none",
    { test: 1, full: 1 },
    async (database) => await writeFile(database, "not a database, ".repeat(1_000)),
    /is not a database; restore a backup, or move it away to begin anew/,
  ],
  [
    "of another program",
    { test: 1, full: 1 },
    async (database) => change(database, "pragma application_id = 1"),
    /is a database, but not one of this service; set another DATA_DIR/,
  ],
];

for (const [what, rounds, make, reason] of unusable) {
  row(
    "R18",
    `a database ${what} is refused by name, with what to do, and left as it is`,
    { rounds },
    async (run) => {
      await using whole = await tempDir();
      await saveOne(join(whole.path, "data"));
      for (let round = 0; round < run.rounds; round++) {
        await using dir = await tempDir();
        const { dataDir, database } = await folderIn(dir.path);
        await cp(join(whole.path, "data"), dataDir, { recursive: true });
        await make(database, () => run.random.next());
        const before = await contentsOf(dataDir);
        const { exitCode, log } = await failToStart(environment(dataDir));
        expect(log.all).toEqual([expect.stringMatching(reason)]);
        expect(log.all[0]).toContain(database);
        expect(exitCode).toBe(1);
        expect(await contentsOf(dataDir)).toEqual(before);
        run.did(`databases ${what}`);
      }
    },
  );
}

async function folderIn(dir: string): Promise<{ dataDir: string; database: string }> {
  const dataDir = join(dir, "data");
  await mkdir(dataDir);
  return { dataDir, database: join(dataDir, "iotsupport.db") };
}

async function saveOne(dataDir: string): Promise<void> {
  await using service = await startServiceProcess(environment(dataDir));
  await service.saveConfig(PORCH, {});
  service.signal("SIGTERM");
  expect(await service.exited()).toBe(0);
}

/** As it was before its first migration. */
function makeOlder(database: string): void {
  change(database, `pragma application_id = ${OURS}`);
}

function change(database: string, sql: string): void {
  using db = new Database(database, { create: true });
  db.run(sql);
}

/** Null where it was killed before it listened. */
async function startUnlessKilledAt(
  nth: number,
  dataDir: string,
  log: string,
): Promise<ServiceProcess | null> {
  const calls = "pwrite64,fsync,fdatasync,ftruncate,unlink,mkdir";
  const under = tracedInto(log, { calls, inject: `signal=SIGKILL:when=${nth}` });
  try {
    return await startServiceProcess(environment(dataDir), under);
  } catch (error) {
    if (/ended with (null|137)/.test(String(error))) return null;
    throw error;
  }
}

/** Of every file that holds something, but the lock, which a start takes before it looks, and what SQLite maps. */
async function contentsOf(dataDir: string): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for (const entry of await readdir(dataDir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || /^lock\.db|-shm$/.test(entry.name)) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    if (bytes.length > 0) contents[entry.name] = new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
  }
  return contents;
}
