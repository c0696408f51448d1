import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { openSqliteStore, StoreOpenError } from "../../src/store/index.ts";
import { migrations } from "../../src/store/sqlite/migrations.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { anyone, configOf, macOf } from "./store-under-test.ts";

const OURS = 0x69_6f_74_73;
const PORCH = macOf(1);
let template: TempDir;

/** A directory with some configs in it, as an orderly stop leaves it, and beside it one as a crash does. */
beforeAll(async () => {
  template = await tempDir();
  const store = open(template.path);
  for (let number = 0; number < 20; number++) {
    const content = Buffer.alloc(10_000, `${number} `);
    await store.saveConfig(configOf(macOf(number), { content }), anyone);
  }
  mkdirSync(join(template.path, "crashed"));
  for (const name of ["iotsupport.db", "iotsupport.db-wal"]) {
    copyFileSync(join(template.path, name), join(template.path, "crashed", name));
  }
  await store.close();
});

afterAll(() => template[Symbol.asyncDispose]());

describe("a data directory", () => {
  test("is made where it is missing, for this user alone", async () => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "not/there/yet");
    await open(dataDir).close();
    expect(Bun.spawnSync(["stat", "-c", "%a", dataDir]).stdout.toString()).toBe("700\n");
  });

  test("that cannot be one is refused by its name", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "a-file");
    writeFileSync(path, "");
    expect(() => open(path)).toThrow(/^DATA_DIR .*a-file cannot be made/);
    expect(() => open(path)).toThrow(StoreOpenError);
  });

  test("has one store at a time; a second is told so, and the first does not notice", async () => {
    await using dir = await tempDir();
    const first = open(dir.path);
    for (let attempt = 0; attempt < 3; attempt++) {
      expect(() => open(dir.path)).toThrow(StoreOpenError);
      expect(() => open(dir.path)).toThrow(
        /another service is running .*; stop it first, or set another DATA_DIR$/,
      );
    }
    expect(await first.saveConfig(configOf(PORCH), anyone)).toMatchObject({ kind: "saved" });
    await first.close();
    const second = open(dir.path);
    expect(await second.saveConfig(configOf(PORCH), anyone)).toMatchObject({ version: { revision: 2 } });
    await second.close();
  });

  test("is free again after an open that failed", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "iotsupport.db");
    writeFileSync(path, "no database".repeat(1_000));
    expect(() => open(dir.path)).toThrow(StoreOpenError);
    rmSync(path);
    await open(dir.path).close();
  });

  test("in which nothing can be made is refused as that, not as one in use", async () => {
    await using dir = await tempDir();
    mkdirSync(join(dir.path, "lock.db"));
    expect(() => open(dir.path)).toThrow(StoreOpenError);
    expect(() => open(dir.path)).not.toThrow(/another service is running/);
  });

  test("whose database is a folder is refused with what to do", async () => {
    await using dir = await tempDir();
    mkdirSync(join(dir.path, "iotsupport.db"));
    expect(() => open(dir.path)).toThrow(
      /iotsupport\.db cannot be opened; check that DATA_DIR can be written/,
    );
    expect(() => open(dir.path)).toThrow(StoreOpenError);
  });
});

describe("a database", () => {
  test("that was closed in order lies in one file, without a log beside it", async () => {
    await using dir = await tempDir();
    const store = open(dir.path);
    await store.saveConfig(configOf(PORCH), anyone);
    await store.listConfigs({ after: null, limit: 1, q: null });
    await store.close();
    const names = Bun.spawnSync(["ls", dir.path]).stdout.toString().split("\n").filter(Boolean);
    expect(names.filter((name) => name.startsWith("iotsupport.db"))).toEqual(["iotsupport.db"]);
  });

  test("that a crash left is taken up with all that was answered", async () => {
    await using dir = await copyOf("crashed");
    const store = open(dir.path);
    expect(await store.counts()).toMatchObject({ configs: 20, assets: 0, pendingAnnouncements: 20 });
    await store.close();
  });

  test("that a crash left before anything was in it is begun anew", async () => {
    await using dir = await tempDir();
    const begun = new Database(join(dir.path, "iotsupport.db"), { create: true });
    begun.run("pragma journal_mode = wal");
    begun.close();
    const store = open(dir.path);
    expect(await store.saveConfig(configOf(PORCH), anyone)).toMatchObject({ kind: "saved" });
    await store.close();
  });

  test("that a crash left in its first write of all is begun anew", async () => {
    await using dir = await tempDir();
    await using left = await tempDir();
    const path = join(dir.path, "iotsupport.db");
    using begun = new Database(path, { create: true });
    begun.run("pragma cache_size = 1"); // So that it writes into the file before it commits.
    begun.run("begin");
    begun.run("create table first (bytes blob)");
    begun.run("insert into first values (zeroblob(100000))");
    for (const end of ["", "-journal"]) await cp(`${path}${end}`, join(left.path, `iotsupport.db${end}`));
    const store = open(left.path);
    expect(await store.saveConfig(configOf(PORCH), anyone)).toMatchObject({ kind: "saved" });
    await store.close();
  });

  test("of no bytes at all is begun anew", async () => {
    await using dir = await tempDir();
    writeFileSync(join(dir.path, "iotsupport.db"), "");
    const store = open(dir.path);
    expect(await store.saveConfig(configOf(PORCH), anyone)).toMatchObject({ kind: "saved" });
    await store.close();
  });

  test("of an older version is brought to this one, by the migrations that it lacks", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "iotsupport.db");
    const older = new Database(path, { create: true });
    older.run(`pragma application_id = ${OURS}`);
    older.close();
    await open(dir.path).close();
    const newer = new Database(path, { readonly: true });
    expect(newer.query("pragma user_version").get()).toEqual({ user_version: migrations.length });
    newer.close();
  });

  test("of a newer version is refused by both numbers", async () => {
    await using dir = await copyOf(".");
    change(dir, "pragma user_version = 99");
    expectRefused(dir, new RegExp(`of version 99, newer than this program's ${migrations.length}; `));
  });

  test("of a newer version that keeps no log is not made to keep one", async () => {
    await using dir = await copyOf(".");
    change(dir, "pragma journal_mode = delete");
    change(dir, "pragma user_version = 99");
    expectRefused(dir, /of version 99/);
  });

  test("of a newer version that a crash left keeps its log as it is", async () => {
    await using dir = await copyOf("crashed");
    const crashed = await tempDir();
    const path = join(dir.path, "iotsupport.db");
    const newer = new Database(path);
    newer.run("pragma user_version = 99");
    for (const name of ["iotsupport.db", "iotsupport.db-wal"]) {
      copyFileSync(join(dir.path, name), join(crashed.path, name));
    }
    newer.close();
    await using _ = crashed;
    expectRefused(crashed, /of version 99/);
  });

  test("of another program is refused", async () => {
    await using dir = await tempDir();
    change(dir, "create table recipes (name text)");
    expectRefused(dir, /is a database, but not one of this service; set another DATA_DIR$/);
  });

  test.each([
    ["a page is missing", -4_096],
    ["a byte is missing", -1],
    ["half is missing", -120_000],
  ])("that was cut so that %s is refused as damaged", async (_, by) => {
    await using dir = await copyOf(".");
    const path = join(dir.path, "iotsupport.db");
    truncateSync(path, readFileSync(path).length + by);
    expectRefused(dir, /damaged: \d+ bytes where there should be \d+; restore a backup, or move it away/);
  });

  test.each([50, 99, 100, 512, 4_095])("of which only %d bytes are left is refused", async (length) => {
    await using dir = await copyOf(".");
    truncateSync(join(dir.path, "iotsupport.db"), length);
    expectRefused(dir, /restore a backup, or move it away/);
  });

  test("of which the middle was overwritten after a crash is refused", async () => {
    await using dir = await copyOf("crashed");
    await open(dir.path).close();
    const path = join(dir.path, "iotsupport.db");
    const bytes = readFileSync(path);
    bytes.fill(0xff, 4_096, bytes.length - 4_096);
    writeFileSync(path, bytes);
    writeFileSync(`${path}-wal`, "left by a crash");
    expect(() => open(dir.path)).toThrow(/is damaged.*; restore a backup, or move it away/);
  });

  test.each([
    ["text", "not a database, ".repeat(1_000)],
    ["a few bytes", "hello"],
    ["zeros", "\0".repeat(10_000)],
  ])("that is none but %s is refused", async (_, content) => {
    await using dir = await tempDir();
    writeFileSync(join(dir.path, "iotsupport.db"), content);
    expectRefused(dir, /restore a backup, or move it away to begin anew$/);
  });
});

function open(dataDir: string) {
  return openSqliteStore({ dataDir, announces: true, keepRevisions: 20, now: () => new Date() });
}

async function copyOf(folder: string): Promise<TempDir> {
  const dir = await tempDir();
  for (const name of ["iotsupport.db", "iotsupport.db-wal"]) {
    const from = join(template.path, folder, name);
    if (Bun.file(from).size > 0) copyFileSync(from, join(dir.path, name));
  }
  return dir;
}

function change(dir: TempDir, sql: string): void {
  const db = new Database(join(dir.path, "iotsupport.db"), { create: true });
  db.run(sql);
  db.close();
}

/** Refused by name and with what to do, and not a byte of it changed. */
function expectRefused(dir: TempDir, reason: RegExp): void {
  const path = join(dir.path, "iotsupport.db");
  const before = readFileSync(path);
  expect(() => open(dir.path)).toThrow(StoreOpenError);
  expect(() => open(dir.path)).toThrow(reason);
  expect(() => open(dir.path)).toThrow(path);
  expect(readFileSync(path).equals(before)).toBe(true);
}
