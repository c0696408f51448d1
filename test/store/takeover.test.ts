import { describe, expect, test } from "bun:test";
import {
  lockDataDir,
  openSqliteReader,
  openSqliteStore,
  openSqliteTakeover,
  StoreOpenError,
} from "../../src/store/index.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { anyone, configOf, macOf, sha256Of } from "./store-under-test.ts";

const NOW = new Date(Date.UTC(2026, 0, 1));
const HOUR_MS = 60 * 60_000;
const PORCH = macOf(1);

describe("a takeover", () => {
  test("is all there when it is committed, and announced if that was asked for", async () => {
    for (const announces of [true, false]) {
      await using dir = await tempDir();
      {
        using lock = lockDataDir(dir.path);
        using takeover = openSqliteTakeover(lock, { announces, now: NOW });
        const claim = await takeover.claimBlob(sha256Of("1"));
        await takeover.saveConfig(configOf(PORCH));
        await takeover.saveAsset({ filename: "a.bin", sha256: sha256Of("1"), size: 1, claim });
        await takeover.commit();
      }
      const store = open(dir);
      const pendingAnnouncements = announces ? 2 : 0;
      expect(await store.counts()).toMatchObject({ configs: 1, assets: 1, pendingAnnouncements });
      expect(await store.findAsset("a.bin")).toMatchObject({ revision: 1, changedAt: NOW });
      expect(await store.listUnnamedBlobs(0)).toEqual([]);
      await store.close();
    }
  });

  test("leaves nothing without its commit, and has what was placed collected", async () => {
    await using dir = await tempDir();
    const store = open(dir);
    await store.saveConfig(configOf(PORCH, { content: Buffer.from("{}") }), anyone);
    await store.close();
    {
      using lock = lockDataDir(dir.path);
      using takeover = openSqliteTakeover(lock, { announces: true, now: NOW });
      const claim = await takeover.claimBlob(sha256Of("1"));
      await takeover.saveConfig(configOf(PORCH));
      await takeover.saveAsset({ filename: "a.bin", sha256: sha256Of("1"), size: 1, claim });
    }
    const after = open(dir, new Date(NOW.getTime() + HOUR_MS / 2));
    expect(await after.counts()).toMatchObject({ configs: 1, assets: 0 });
    expect(await after.findConfig(PORCH)).toMatchObject({ version: { revision: 1 } });
    expect(await after.listUnnamedBlobs(0)).toEqual([sha256Of("1")]);
    await after.close();
    using reader = openSqliteReader(dir.path);
    expect(await reader?.contradictions()).toEqual([]);
  });

  test("keeps every other from the directory while it has it", async () => {
    await using dir = await tempDir();
    using lock = lockDataDir(dir.path);
    using _ = openSqliteTakeover(lock, { announces: true, now: NOW });
    expect(() => open(dir)).toThrow(StoreOpenError);
    expect(() => lockDataDir(dir.path)).toThrow(/another service is running/);
  });

  test("goes on with a file's revisions", async () => {
    await using dir = await tempDir();
    const store = open(dir);
    await store.saveConfig(configOf(PORCH), anyone);
    await store.deleteFile({ kind: "configs", name: PORCH, precondition: "none" }, anyone);
    await store.close();
    {
      using lock = lockDataDir(dir.path);
      using takeover = openSqliteTakeover(lock, { announces: true, now: NOW });
      await takeover.saveConfig(configOf(PORCH));
      await takeover.commit();
    }
    using reader = openSqliteReader(dir.path);
    expect(await reader?.lastState({ kind: "configs", name: PORCH })).toMatchObject({ revision: 3 });
  });
});

function open(dir: TempDir, now = NOW) {
  return openSqliteStore({ dataDir: dir.path, announces: true, keepRevisions: 20, now: () => now });
}
