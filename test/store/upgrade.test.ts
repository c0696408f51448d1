import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { cp, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { SCHEMA_VERSION } from "../../src/store/index.ts";
import { openForWriting } from "../../src/store/sqlite/database.ts";
import { migrations } from "../../src/store/sqlite/migrations.ts";
import { type Kept, keptBy } from "../cli/kept.ts";
import { startBroker } from "../support/broker.ts";
import { runHere } from "../support/command-line.ts";
import { until } from "../support/deadline.ts";
import { startTestService } from "../support/service.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

/** The machine may be busy. */
const PATIENCE_MS = 20_000;

const FIXTURES = join(import.meta.dir, "../fixtures");
/** Two hours after the fixtures were made: what was unnamed or claimed then is to be collected. */
const now = () => new Date(Date.UTC(2026, 10, 24, 14));

const versions = (await readdir(FIXTURES))
  .filter((name) => name.startsWith("schema-"))
  .map((name) => Number(name.slice("schema-".length)));

test("there is a data directory of the first schema", () => {
  expect(versions).toContain(1);
});

describe.each(versions)("a data directory of schema %d", (version) => {
  test("has the tables that its migrations make: they were never edited", async () => {
    await using dir = await fixture(version);
    using released = new Database(join(dir.path, "iotsupport.db"));
    using made = new Database(":memory:");
    for (const sql of migrations.slice(0, version)) made.run(sql);
    expect(released.query("pragma user_version").get()).toEqual({ user_version: version });
    expect(schemaOf(made)).toEqual(schemaOf(released));
  });

  test("is served whole, goes on with its revisions, announces what waits, and has the rest collected", async () => {
    await using dir = await fixture(version);
    const { kept, announced } = await expectedOf(version);
    await using broker = await startBroker();
    await using heard = await broker.subscribe("iotsupport/updates/#");
    {
      await using service = await startTestService({ dataDir: dir.path, mqtt: broker.mqtt }, now);
      expect(await keptBy(service)).toEqual(kept);
      const messages = await heard.collect("all that waits", (taken) => taken.length === announced.length);
      expect(messages.map(fileOf).toSorted()).toEqual([...announced]);
      expect(await service.saveConfig("aa-bb-cc-dd-ee-03", {})).toMatchObject({ revision: 3 }); // It was deleted.
      const upload = { name: "deleted.bin", bytes: "new", timestamp: now().toISOString() };
      expect((await service.tryToUpload(upload)).headers.get("x-revision")).toBe("3");
      await until(
        "the rest is collected",
        async () => (await readdir(join(dir.path, "blobs"))).length === blobsNamedIn(dir),
        PATIENCE_MS,
      );
    }
    expect((await runHere(dir.path, "check")).stdout).toMatch(/all sound\n$/);
    using upgraded = new Database(join(dir.path, "iotsupport.db"), { readonly: true });
    expect(upgraded.query("pragma user_version").get()).toEqual({ user_version: SCHEMA_VERSION });
  });

  test("leaves nothing of its migration in the log", async () => {
    await using dir = await fixture(version);
    const path = join(dir.path, "iotsupport.db");
    using db = openForWriting(path);
    expect(db.query("pragma user_version").get()).toEqual({ user_version: SCHEMA_VERSION });
    expect((await stat(`${path}-wal`)).size).toBe(0);
  });

  test("can be checked and backed up as it is, and the backup restored", async () => {
    await using dir = await fixture(version);
    const file = join(dir.path, "backup.tar");
    const restored = join(dir.path, "restored");
    expect(await runHere(dir.path, "check")).toMatchObject({ exitCode: 0 });
    expect(await runHere(dir.path, "backup", file)).toMatchObject({ exitCode: 0 });
    using untouched = new Database(join(dir.path, "iotsupport.db"), { readonly: true });
    expect(untouched.query("pragma user_version").get()).toEqual({ user_version: version });
    expect(await runHere(restored, "restore", file)).toMatchObject({ exitCode: 0 });
    await using service = await startTestService({ dataDir: restored }, now);
    expect(await keptBy(service)).toEqual((await expectedOf(version)).kept);
  });
});

/** A copy of it, to be written in. */
async function fixture(version: number): Promise<TempDir> {
  const dir = await tempDir();
  await cp(join(FIXTURES, `schema-${version}`), dir.path, { recursive: true });
  return dir;
}

function blobsNamedIn(dir: TempDir): number {
  using db = new Database(join(dir.path, "iotsupport.db"), { readonly: true });
  return db.query("select distinct sha256 from revisions where kind = 'assets' and sha256 is not null").all()
    .length;
}

function expectedOf(
  version: number,
): Promise<{ readonly kept: Kept; readonly announced: readonly string[] }> {
  return Bun.file(join(FIXTURES, `schema-${version}/expected.json`)).json();
}

function schemaOf(db: Database): unknown[] {
  const sql = "select type, name, sql from sqlite_schema where name not like 'sqlite_%' order by type, name";
  return db.query(sql).all();
}

function fileOf({ topic, payload }: { readonly topic: string; readonly payload: string }): string {
  const { filename } = JSON.parse(payload);
  return topic.endsWith("configs") ? `configs/${filename.replace(/\.json$/, "")}` : `assets/${filename}`;
}
