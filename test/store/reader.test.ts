import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  openSqliteCopy,
  openSqliteReader,
  openSqliteStore,
  SCHEMA_VERSION,
  StoreOpenError,
} from "../../src/store/index.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { anyone, configOf, macOf, sha256Of } from "./store-under-test.ts";

const PORCH = macOf(1);

describe("a reader beside the store", () => {
  test("sees what is committed, and each commit after", async () => {
    await using dir = await tempDir();
    const store = open(dir);
    await store.saveConfig(configOf(PORCH), anyone);
    using reader = readerOf(dir);
    expect(reader.schemaVersion).toBe(SCHEMA_VERSION);
    expect(await reader.counts()).toMatchObject({ configs: 1, assets: 0, pendingAnnouncements: 1 });
    expect(await reader.lastState({ kind: "configs", name: PORCH })).toMatchObject({ revision: 1 });
    await store.deleteFile({ kind: "configs", name: PORCH, precondition: "none" }, anyone);
    expect(await reader.lastState({ kind: "configs", name: PORCH })).toMatchObject({
      revision: 2,
      sha256: null,
    });
    expect(await reader.lastState({ kind: "assets", name: PORCH })).toBeNull();
    expect(await reader.contradictions()).toEqual([]);
    await store.close();
  });

  test("knows which blobs are named, each once, and how each stands", async () => {
    await using dir = await tempDir();
    const store = open(dir);
    const [one, two, three] = [sha256Of("1"), sha256Of("2"), sha256Of("3")];
    for (const [filename, sha256] of [
      ["b.bin", one],
      ["a.bin", one],
      ["c.bin", two],
    ] as const) {
      await store.saveAsset(
        {
          filename,
          sha256,
          size: 1,
          claim: await store.claimBlob(sha256),
          precondition: "none",
          message: null,
          reading: null,
        },
        anyone,
      );
    }
    await store.deleteFile({ kind: "assets", name: "c.bin", precondition: "none" }, anyone);
    using reader = readerOf(dir);
    expect(await reader.namedBlobs()).toEqual([
      { sha256: one, size: 1, filename: "a.bin" },
      { sha256: two, size: 1, filename: "c.bin" }, // Deleted, but kept in its history.
    ]);
    expect(await reader.blobStanding(one)).toBe("named");
    await store.forgetDeletedFiles();
    expect(await reader.namedBlobs()).toEqual([{ sha256: one, size: 1, filename: "a.bin" }]);
    expect(await reader.blobStanding(two)).toBe("unnamed");
    expect(await reader.blobStanding(three)).toBe("unknown");
    await store.claimBlob(three);
    expect(await reader.blobStanding(three)).toBe("unnamed");
    await store.close();
  });

  test("copies one moment, however much is saved meanwhile, and holds up no save", async () => {
    await using dir = await tempDir();
    const store = open(dir);
    const [first, last] = [macOf(1), macOf(2)];
    let isOver = false;
    // The first is always saved before the last, so that in no moment is the first behind.
    const saving = (async () => {
      for (let number = 1; !isOver; number++) {
        for (const mac of [first, last]) {
          await store.saveConfig(configOf(mac, { content: Buffer.from(`{"n":${number}}`) }), anyone);
        }
      }
    })();
    using reader = readerOf(dir);
    for (let round = 0; round < 20; round++) {
      const path = join(dir.path, `copy-${round}.db`);
      const before = await reader.lastState({ kind: "configs", name: last });
      await reader.copyTo(path);
      using copy = openSqliteCopy(path);
      const stateOf = async (name: string) =>
        (await copy?.lastState({ kind: "configs", name }))?.revision ?? 0;
      const [ofFirst, ofLast] = [await stateOf(first), await stateOf(last)];
      expect(ofLast).toBeGreaterThanOrEqual(before?.revision ?? 0);
      expect([0, 1]).toContain(ofFirst - ofLast);
      expect(await copy?.contradictions()).toEqual([]);
      await Bun.sleep(0);
    }
    isOver = true;
    await saving;
    await store.close();
  });

  test("leaves no file behind, where the store was closed in order", async () => {
    await using dir = await tempDir();
    const store = open(dir);
    await store.saveConfig(configOf(PORCH), anyone);
    await store.close();
    const before = readdirSync(dir.path);
    {
      using reader = readerOf(dir);
      await reader.contradictions();
    }
    expect(readdirSync(dir.path)).toEqual(before);
  });

  test("tells one in which nothing was ever saved", async () => {
    await using dir = await tempDir();
    const store = open(dir);
    using reader = readerOf(dir);
    expect(await reader.isUnused()).toBe(true);
    await store.saveConfig(configOf(PORCH), anyone);
    await store.deleteFile({ kind: "configs", name: PORCH, precondition: "none" }, anyone);
    expect(await reader.isUnused()).toBe(false);
    await store.close();
  });
});

describe("where there is no store", () => {
  test("there is no reader, and nothing is made", async () => {
    await using dir = await tempDir();
    expect(openSqliteReader(join(dir.path, "none"))).toBeNull();
    expect(openSqliteReader(dir.path)).toBeNull();
    expect(readdirSync(dir.path)).toEqual([]);
  });

  test("nor where a first start was cut off", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "iotsupport.db");
    writeFileSync(path, "");
    expect(openSqliteReader(dir.path)).toBeNull();
    const begun = new Database(path);
    begun.run("pragma journal_mode = wal");
    begun.close();
    expect(openSqliteReader(dir.path)).toBeNull();
  });

  test("what is none is refused", async () => {
    await using dir = await tempDir();
    writeFileSync(join(dir.path, "iotsupport.db"), "no database".repeat(1_000));
    expect(() => openSqliteReader(dir.path)).toThrow(StoreOpenError);
  });
});

function open(dir: TempDir) {
  return openSqliteStore({ dataDir: dir.path, announces: true, keepRevisions: 20, now: () => new Date() });
}

function readerOf(dir: TempDir) {
  const reader = openSqliteReader(dir.path);
  if (reader === null) throw new Error("there is nothing to read");
  return reader;
}
