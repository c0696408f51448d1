import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Caller } from "../../src/caller.ts";
import { openSqliteStore, type SaveConfig, type Store } from "../../src/store/index.ts";
import { tempDir } from "../support/temp-dir.ts";

const MAC = "aa-bb-cc-dd-ee-ff";
const ANNOUNCED = "aa-bb-cc-dd-ee-01";
const caller: Caller = { kind: "anonymous", requestId: "test" };

test("what was announced leaves the outbox with the next save, though it waits as the save before it ends", async () => {
  await using dir = await tempDir();
  const clock = { ms: 0 }; // Each batch of writes has a time of its own.
  const store = openSqliteStore({
    dataDir: join(dir.path, "data"),
    announces: true,
    keepRevisions: 20,
    now: () => new Date(clock.ms++),
  });
  await save(store, ANNOUNCED);
  const announced = await store.claimAnnouncements(1);
  const saved = save(store, MAC);
  const settled = store.settleAnnouncements(announced);
  await saved;
  const { version } = await save(store, MAC);
  await settled;
  const wanted = await store.fleet.findWanted({ kind: "configs", name: ANNOUNCED });
  expect(wanted?.announcedAt).toBe(version.changedAt.getTime());
  await store.close();
});

test("alone, it leaves the outbox a moment later", async () => {
  await using dir = await tempDir();
  const store = openSqliteStore({
    dataDir: join(dir.path, "data"),
    announces: true,
    keepRevisions: 20,
    now: () => new Date(),
  });
  await save(store, ANNOUNCED);
  await store.settleAnnouncements(await store.claimAnnouncements(1));
  expect(await store.claimAnnouncements(1)).toEqual([]);
  await store.close();
});

async function save(store: Store, mac: string) {
  const content = new TextEncoder().encode("{}");
  const config: SaveConfig = {
    mac,
    deviceName: null,
    deviceEntityId: null,
    enableOta: null,
    content,
    sha256: new Bun.CryptoHasher("sha256").update(content).digest("hex"),
    allowOverwrite: true,
    precondition: "none",
    message: null,
  };
  const outcome = await store.saveConfig(config, caller);
  if (outcome.kind !== "saved") throw new Error(outcome.kind);
  return outcome;
}
