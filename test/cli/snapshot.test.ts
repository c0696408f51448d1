import { expect, test } from "bun:test";
import { join } from "node:path";
import { type HeldBlobs, openDiskBlobs } from "../../src/blobs/index.ts";
import { manifestOf, snapshotEntries } from "../../src/cli/archive/snapshot-entries.ts";
import { sha256Of } from "../../src/cli/sha256.ts";
import { takeSnapshot } from "../../src/cli/snapshot.ts";
import { startTestService } from "../support/service.ts";
import { tempDir } from "../support/temp-dir.ts";
import { keepSome } from "./kept.ts";

test("what a snapshot names stays to be read, though all of it be replaced and collected", async () => {
  await using dir = await tempDir();
  const dataDir = join(dir.path, "data");
  await using service = await startTestService({ dataDir, keepRevisions: 1 });
  await keepSome(service);
  const blobs = openDiskBlobs(dataDir);
  await using held = await blobs.hold();
  const snapshot = await takeSnapshot(dataDir, held, join(dir.path, "snapshot.db"));
  const named = snapshot.blobs.map(({ sha256 }) => sha256);
  expect(named).toHaveLength(3);
  for (const sha256 of named) await blobs.remove(sha256);

  const entries = snapshotEntries(await manifestOf(snapshot, new Date()), snapshot, held);
  const read = new Map<string, string>();
  for await (const { name, body } of entries) read.set(name, await sha256Of(body));
  for (const sha256 of named) expect(read.get(`blobs/${sha256}`)).toBe(sha256);
});

test("a later moment is taken where a blob was replaced and collected before it was held", async () => {
  await using dir = await tempDir();
  const dataDir = join(dir.path, "data");
  await using service = await startTestService({ dataDir, keepRevisions: 1 });
  await service.uploadAsset("plug.bin", "old");
  await service.uploadAsset("lamp.bin", "lamp");
  const blobs = openDiskBlobs(dataDir);
  await using held = await blobs.hold();
  let attempts = 0;
  // The service's own hold, but for what happens before it the first time.
  const late: HeldBlobs = {
    add: async (sha256s) => {
      attempts += 1;
      if (attempts === 1) {
        await service.uploadAsset("plug.bin", "new");
        await blobs.remove(Bun.CryptoHasher.hash("sha256", "old", "hex"));
      }
      return await held.add(sha256s);
    },
    open: (sha256) => held.open(sha256),
    release: (sha256) => held.release(sha256),
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  };
  const { blobs: named } = await takeSnapshot(dataDir, late, join(dir.path, "snapshot.db"));
  expect(attempts).toBe(2);
  const contents = await Promise.all(named.map(({ sha256 }) => held.open(sha256).text()));
  expect(contents.toSorted()).toEqual(["lamp", "new"]);
});
