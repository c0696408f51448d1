import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { macs } from "../support/load.ts";
import { startTestService } from "../support/service.ts";
import { environment, failToStart } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const [PORCH = ""] = macs(1);

test("fault R18 a database of an older version is brought up to date", async () => {
  await using dir = await tempDir();
  const { dataDir, database } = await withDatabase(dir.path);
  using older = new Database(database, { create: true });
  older.run("pragma application_id = 0x696f7473");
  older.run("pragma user_version = 0");
  older.close();
  await using service = await startTestService({ dataDir });
  await service.saveConfig(PORCH, {});
});

test("fault R18 a database of a newer version is refused by its number and left as it is", async () => {
  await using dir = await tempDir();
  const { dataDir, database } = await withDatabase(dir.path);
  await saveOne(dataDir);
  using newer = new Database(database);
  newer.run("pragma user_version = 99");
  newer.close();
  await expectRefused(dataDir, database, /version 99/);
});

test("fault R18 a database that was cut short is refused and left as it is", async () => {
  await using dir = await tempDir();
  const { dataDir, database } = await withDatabase(dir.path);
  await saveOne(dataDir);
  const { length } = await readFile(database);
  await truncate(database, length / 2);
  await expectRefused(dataDir, database, /damaged.*restore a backup/);
});

test("fault R18 what is no database is refused and left as it is", async () => {
  await using dir = await tempDir();
  const { dataDir, database } = await withDatabase(dir.path);
  await writeFile(database, "not a database, ".repeat(1_000));
  await expectRefused(dataDir, database, /not a database/);
});

test("fault R18 another program's database is refused and left as it is", async () => {
  await using dir = await tempDir();
  const { dataDir, database } = await withDatabase(dir.path);
  using other = new Database(database, { create: true });
  other.run("create table recipes (name text)");
  other.close();
  await expectRefused(dataDir, database, /not one of this service/);
});

async function withDatabase(dir: string): Promise<{ dataDir: string; database: string }> {
  const dataDir = join(dir, "data");
  await mkdir(dataDir);
  return { dataDir, database: join(dataDir, "iotsupport.db") };
}

async function saveOne(dataDir: string): Promise<void> {
  await using service = await startTestService({ dataDir });
  await service.saveConfig(PORCH, {});
}

/** One line of what and what to do, exit code 1, and not a byte changed. */
async function expectRefused(dataDir: string, database: string, reason: RegExp): Promise<void> {
  const before = await readFile(database);
  const { exitCode, log } = await failToStart(environment(dataDir));
  expect(log.all).toHaveLength(1);
  expect(log.all[0]).toMatch(reason);
  expect(exitCode).toBe(1);
  expect(await readFile(database)).toEqual(before);
}
