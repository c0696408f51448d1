import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { array, assert, asyncProperty, integer, uint8Array } from "fast-check";
import type { Blobs } from "../../src/blobs/index.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

/** Opens blobs that keep what they have under `dataDir`, and find it there when they are opened anew. */
export type OpenBlobs = (dataDir: string) => Promise<Blobs>;

/** What everything that keeps blobs has to keep, on a disk or elsewhere. Nothing of it can be switched off. */
export function blobsContract(name: string, open: OpenBlobs): void {
  describe(name, () => {
    test("give back the bytes under their SHA-256, however they came in pieces", async () => {
      await using opened = await openBlobs(open);
      const sizes = array(integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 5 });
      const law = asyncProperty(uint8Array({ maxLength: 3_000 }), sizes, async (bytes, pieces) => {
        const finished = await stagedIn(opened.blobs, inPieces(bytes, pieces));
        expect(finished).toMatchObject({ sha256: sha256Of(bytes), size: bytes.length });
        await finished.keep();
        const kept = await opened.blobs.open(finished.sha256).bytes();
        expect(Buffer.from(kept).equals(Buffer.from(bytes))).toBe(true);
      });
      await assert(law, { numRuns: 40 });
    });

    test("take a large one in pieces, and none at all", async () => {
      await using opened = await openBlobs(open);
      const piece = Buffer.alloc(64 * 1024, "0123456789abcdef");
      const large = Array.from({ length: 160 }, () => piece);
      const { sha256, size } = await kept(opened.blobs, ...large);
      expect({ sha256, size }).toEqual({ sha256: sha256Of(Buffer.concat(large)), size: 160 * piece.length });
      expect(sha256Of(await opened.blobs.open(sha256).bytes())).toBe(sha256);
      const none = await kept(opened.blobs);
      expect(none).toMatchObject({ sha256: sha256Of(""), size: 0 });
      expect(await opened.blobs.open(none.sha256).text()).toBe("");
    });

    test("take a piece as it is when it is written, whatever becomes of its buffer later", async () => {
      await using opened = await openBlobs(open);
      const staged = await opened.blobs.stage();
      const piece = Buffer.from("before");
      await staged.write(piece);
      piece.fill("x");
      const finished = await staged.finish();
      await finished.keep();
      expect(finished.sha256).toBe(sha256Of("before"));
      expect(await opened.blobs.open(finished.sha256).text()).toBe("before");
    });

    test("find none before it is kept", async () => {
      await using opened = await openBlobs(open);
      const staged = await opened.blobs.stage();
      await staged.write(Buffer.from("1"));
      expect(await opened.blobs.exists(sha256Of("1"))).toBe(false);
      const finished = await staged.finish();
      expect(await opened.blobs.exists(sha256Of("1"))).toBe(false);
      await finished.keep();
      expect(await opened.blobs.exists(sha256Of("1"))).toBe(true);
    });

    test("keep the same content twice as one, under those who read it", async () => {
      await using opened = await openBlobs(open);
      const content = Buffer.alloc(200_000, "same");
      const { sha256 } = await kept(opened.blobs, content);
      const reader = opened.blobs.open(sha256).stream().getReader();
      const first = await reader.read();
      expect((await kept(opened.blobs, content)).sha256).toBe(sha256);
      expect(sha256Of(Buffer.concat(await rest(reader, first.value)))).toBe(sha256);
      expect(sha256Of(await opened.blobs.open(sha256).bytes())).toBe(sha256);
      await opened.blobs.remove(sha256);
      expect(await opened.blobs.exists(sha256)).toBe(false);
    });

    test("take many at once, also of the same content", async () => {
      await using opened = await openBlobs(open);
      const contents = Array.from({ length: 30 }, (_, number) => Buffer.alloc(10_000, `${number % 10}`));
      const hashes = await Promise.all(
        contents.map(async (content) => (await kept(opened.blobs, content)).sha256),
      );
      expect(hashes).toEqual(contents.map(sha256Of));
      for (const sha256 of hashes) expect(sha256Of(await opened.blobs.open(sha256).bytes())).toBe(sha256);
    });

    test("find none that was discarded, before it was finished or after", async () => {
      await using opened = await openBlobs(open);
      const unfinished = await opened.blobs.stage();
      await unfinished.write(Buffer.from("1"));
      await unfinished.discard();
      await unfinished.discard();
      const finished = await opened.blobs.stage();
      await finished.write(Buffer.from("2"));
      await finished.finish();
      await finished.discard();
      await (await opened.blobs.stage()).discard();
      for (const content of ["", "1", "2"]) {
        expect(await opened.blobs.exists(sha256Of(content))).toBe(false);
      }
    });

    test("are not harmed by a discard of what was kept", async () => {
      await using opened = await openBlobs(open);
      const staged = await opened.blobs.stage();
      await staged.write(Buffer.from("1"));
      await (await staged.finish()).keep();
      await staged.discard();
      expect(await opened.blobs.open(sha256Of("1")).text()).toBe("1");
    });

    test("give a part by its first and last byte", async () => {
      await using opened = await openBlobs(open);
      const { sha256 } = await kept(opened.blobs, Buffer.from("0123456789"));
      const part = (start: number, end: number) => opened.blobs.open(sha256, { start, end });
      expect(await part(0, 9).text()).toBe("0123456789");
      expect(await part(0, 0).text()).toBe("0");
      expect(await part(3, 5).text()).toBe("345");
      expect(await part(9, 9).text()).toBe("9");
      expect(part(3, 5).size).toBe(3);
    });

    test("let a read that began go on when its blob is removed", async () => {
      await using opened = await openBlobs(open);
      const content = Buffer.alloc(8 * 1024 * 1024, "0123456789abcdef");
      const { sha256 } = await kept(opened.blobs, content);
      const reader = opened.blobs.open(sha256).stream().getReader();
      const first = await reader.read();
      await opened.blobs.remove(sha256);
      expect(await opened.blobs.exists(sha256)).toBe(false);
      expect(sha256Of(Buffer.concat(await rest(reader, first.value)))).toBe(sha256);
    });

    test("remove what is there, and do not mind what is not", async () => {
      await using opened = await openBlobs(open);
      const one = await kept(opened.blobs, Buffer.from("1"));
      const two = await kept(opened.blobs, Buffer.from("2"));
      await opened.blobs.remove(one.sha256);
      await opened.blobs.remove(one.sha256);
      expect(await opened.blobs.exists(one.sha256)).toBe(false);
      expect(await opened.blobs.open(two.sha256).text()).toBe("2");
    });

    test("that are held stay when they are removed, until they are let go", async () => {
      await using opened = await openBlobs(open);
      const one = await kept(opened.blobs, Buffer.from("1"));
      const two = await kept(opened.blobs, Buffer.from("2"));
      {
        await using held = await opened.blobs.hold();
        expect(await held.add([one.sha256])).toEqual([]);
        await opened.blobs.remove(one.sha256);
        expect(await held.add([one.sha256, two.sha256, sha256Of("3")])).toEqual([sha256Of("3")]);
        await opened.blobs.remove(two.sha256);
        expect(await held.open(one.sha256).text()).toBe("1");
        await held.release(one.sha256);
        await expect(held.open(one.sha256).text()).rejects.toThrow();
        expect(await held.open(two.sha256).text()).toBe("2");
        expect(await opened.blobs.exists(two.sha256)).toBe(false);
      }
      const later = await kept(opened.blobs, Buffer.from("1"));
      expect(await opened.blobs.open(later.sha256).text()).toBe("1");
    });

    test("are listed, those that were kept and no others", async () => {
      await using opened = await openBlobs(open);
      const began = Date.now();
      const one = await kept(opened.blobs, Buffer.from("1"));
      const two = await kept(opened.blobs, Buffer.from("2"));
      await stagedIn(opened.blobs, [Buffer.from("3")]);
      await opened.blobs.remove(two.sha256);
      const listed = await Array.fromAsync(opened.blobs.list());
      expect(listed.map(({ sha256 }) => sha256)).toEqual([one.sha256]);
      expect(Math.abs(Number(listed[0]?.writtenAt) - began)).toBeLessThan(60_000);
    });

    test("are there when they are opened anew", async () => {
      await using opened = await openBlobs(open);
      const { sha256 } = await kept(opened.blobs, Buffer.from("1"));
      const again = await open(opened.dir.path);
      expect(await again.open(sha256).text()).toBe("1");
    });
  });
}

interface OpenedBlobs extends AsyncDisposable {
  readonly blobs: Blobs;
  readonly dir: TempDir;
}

async function openBlobs(open: OpenBlobs): Promise<OpenedBlobs> {
  const dir = await tempDir();
  return { blobs: await open(dir.path), dir, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

async function stagedIn(blobs: Blobs, pieces: readonly Uint8Array[]) {
  const staged = await blobs.stage();
  for (const piece of pieces) await staged.write(piece);
  return await staged.finish();
}

async function kept(blobs: Blobs, ...pieces: readonly Uint8Array[]) {
  const finished = await stagedIn(blobs, pieces);
  await finished.keep();
  return finished;
}

/** By another implementation than the one that is tested. */
function sha256Of(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Cuts by the sizes, over and over, until nothing is left. */
function inPieces(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

async function rest(
  reader: { read(): Promise<{ readonly value?: Uint8Array | undefined }> },
  first: Uint8Array | undefined,
): Promise<Uint8Array[]> {
  const pieces = first === undefined ? [] : [first];
  for (let read = await reader.read(); read.value !== undefined; read = await reader.read()) {
    pieces.push(read.value);
  }
  return pieces;
}
