import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Disk } from "../../src/ops/index.ts";
import { canMountDisks, smallDisk } from "../support/small-disk.ts";
import { tempDir } from "../support/temp-dir.ts";

const MIB = 1024 ** 2;

describe("the space on a disk", () => {
  test("is what df says of it", async () => {
    await using dir = await tempDir();
    const { sizeBytes } = await new Disk(dir.path).space();
    const [used = 0, available = 0] = dfOf(dir.path);
    expect(sizeBytes / (used + available)).toBeCloseTo(1, 3); // Others write on it too.
  });

  test.skipIf(!canMountDisks)("is less after a file was written", async () => {
    await using small = await smallDisk("16m");
    const disk = new Disk(small.path);
    expect(await disk.space()).toEqual({ freeBytes: 16 * MIB, sizeBytes: 16 * MIB });
    await writeFile(join(small.path, "file"), new Uint8Array(4 * MIB));
    expect(await disk.space()).toEqual({ freeBytes: 12 * MIB, sizeBytes: 16 * MIB });
  });

  test("is unknown where there is no such folder, and then nothing is thrown", async () => {
    await using dir = await tempDir();
    const space = await new Disk(join(dir.path, "none")).space();
    expect(space).toEqual({ freeBytes: Number.NaN, sizeBytes: Number.NaN });
  });

  test("is looked up once for all that ask at the same time", async () => {
    await using dir = await tempDir();
    const disk = new Disk(dir.path);
    const [one, other] = await Promise.all([disk.space(), disk.space()]);
    expect(one).toBe(other);
    expect(await disk.space()).not.toBe(one);
  });
});

/** Used and available bytes. */
function dfOf(path: string): number[] {
  const { stdout } = Bun.spawnSync(["df", "-B1", "--output=used,avail", path]);
  return (stdout.toString().trim().split("\n").at(-1) ?? "").trim().split(/\s+/).map(Number);
}
