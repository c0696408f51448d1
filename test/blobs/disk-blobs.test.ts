import { describe, expect, test } from "bun:test";
import { mkdir, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openDiskBlobs } from "../../src/blobs/index.ts";
import { filesUnder } from "../support/files.ts";
import { canMountDisks, smallDisk } from "../support/small-disk.ts";
import { tempDir } from "../support/temp-dir.ts";
import { blobsContract } from "./blobs-contract.ts";

const DAY_MS = 24 * 60 * 60_000;

blobsContract("blobs on a disk", async (dataDir) => openDiskBlobs(dataDir));

describe("blobs on a disk", () => {
  test("lie under their hash, each in a file of its own, readable to this user alone", async () => {
    await using dir = await tempDir();
    const staged = await openDiskBlobs(dir.path).stage();
    await staged.write(Buffer.from("1"));
    const { sha256, keep } = await staged.finish();
    await keep();
    const path = join(dir.path, "blobs", sha256);
    expect(await filesUnder(dir.path)).toEqual([path]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(dir.path, "blobs"))).mode & 0o777).toBe(0o700);
  });

  test("leave nothing behind when they are discarded, in whatever state", async () => {
    await using dir = await tempDir();
    const blobs = openDiskBlobs(dir.path);
    const empty = await blobs.stage();
    const begun = await blobs.stage();
    await begun.write(Buffer.alloc(100_000));
    const finished = await blobs.stage();
    await finished.write(Buffer.alloc(100_000));
    await finished.finish();
    expect(await filesUnder(dir.path)).toHaveLength(3);
    for (const staged of [empty, begun, finished]) await staged.discard();
    expect(await filesUnder(dir.path)).toEqual([]);
  });

  test("say that the disk fails, and go on saying so until one is kept again", async () => {
    await using dir = await tempDir();
    const blobs = openDiskBlobs(dir.path);
    const keepOne = async () => {
      const staged = await blobs.stage();
      await (await staged.finish()).keep();
    };
    expect(blobs.trouble).toBeNull();
    await rm(join(dir.path, "blobs"), { recursive: true });
    await expect(keepOne()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(blobs.trouble).toContain("ENOENT");
    await mkdir(join(dir.path, "blobs"));
    await keepOne();
    expect(blobs.trouble).toBeNull();
  });

  test("are swept of temporary files that are older than a day, and of nothing else", async () => {
    await using dir = await tempDir();
    const blobs = openDiskBlobs(dir.path);
    const now = new Date();
    const arriving = await blobs.stage();
    const kept = await blobs.stage();
    const { sha256, keep } = await kept.finish();
    await keep();
    const aged = async (path: string, ageMs: number) => {
      await writeFile(path, "left by a crash", { flag: "a" });
      await utimes(path, now, new Date(now.getTime() - ageMs));
    };
    await aged(join(dir.path, "tmp", "old"), DAY_MS + 1_000);
    await aged(join(dir.path, "tmp", "young"), DAY_MS - 1_000);
    await aged(join(dir.path, "blobs", sha256), 100 * DAY_MS);
    await blobs.sweep(now);
    expect(await readdir(join(dir.path, "tmp"))).toContain("young");
    expect(await readdir(join(dir.path, "tmp"))).not.toContain("old");
    expect(await blobs.exists(sha256)).toBe(true);
    await arriving.write(Buffer.from("1"));
    await (await arriving.finish()).keep();
    expect(await readdir(join(dir.path, "tmp"))).toEqual(["young"]);
  });

  test("are swept of what a backup held that was killed, the blobs themselves excepted", async () => {
    await using dir = await tempDir();
    const blobs = openDiskBlobs(dir.path);
    const now = new Date();
    const staged = await blobs.stage();
    const { sha256, keep } = await staged.finish();
    await keep();
    for (const ageMs of [DAY_MS + 1_000, DAY_MS - 1_000]) {
      const before = await readdir(join(dir.path, "tmp"));
      await (await blobs.hold()).add([sha256]); // Never disposed of.
      const [folder = ""] = (await readdir(join(dir.path, "tmp"))).filter((name) => !before.includes(name));
      await utimes(join(dir.path, "tmp", folder), now, new Date(now.getTime() - ageMs));
    }
    expect(await blobs.leftovers(now)).toHaveLength(1);
    await blobs.sweep(now);
    expect(await readdir(join(dir.path, "tmp"))).toHaveLength(1);
    expect(await blobs.open(sha256).text()).toBe("");
  });

  test.skipIf(!canMountDisks)("refuse what a full disk does not hold, and leave nothing of it", async () => {
    await using disk = await smallDisk("1m");
    const blobs = openDiskBlobs(disk.path);
    const staged = await blobs.stage();
    const writing = (async () => {
      for (let piece = 0; piece < 40; piece++) await staged.write(Buffer.alloc(64 * 1024));
    })();
    await expect(writing).rejects.toMatchObject({ code: "STORAGE_FULL" });
    await staged.discard();
    expect(await filesUnder(disk.path)).toEqual([]);
    const next = await blobs.stage();
    await next.write(Buffer.from("1"));
    await (await next.finish()).keep();
  });
});
