import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { array, assert, asyncProperty, integer, shuffledSubarray, uint8Array } from "fast-check";
import { Arrived } from "../../src/assets/arrived.ts";
import { Deadlines } from "../../src/assets/deadlines.ts";
import { receive } from "../../src/assets/receive.ts";
import { readVerifyingKey } from "../../src/assets/verify.ts";
import { type Blobs, type DiskBlobs, openDiskBlobs } from "../../src/blobs/index.ts";
import { createMetrics } from "../../src/ops/index.ts";
import { sha256Of } from "../store/store-under-test.ts";
import { within } from "../support/deadline.ts";
import { filesUnder } from "../support/files.ts";
import { signingKey } from "../support/keys.ts";
import { type Multipart, multipart, type Part } from "../support/multipart.ts";
import { signedFields } from "../support/signed-form.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const MOST_BYTES = 100_000;
const metrics = createMetrics("test");
const key = readVerifyingKey(signingKey().publicKey.export({ type: "spki", format: "pem" }).toString());
let dir: TempDir;
let blobs: DiskBlobs;

beforeAll(async () => {
  dir = await tempDir();
  blobs = openDiskBlobs(dir.path);
});
afterAll(() => dir[Symbol.asyncDispose]());

describe("a form", () => {
  test("is received whole, its fields in any order, its body in any pieces", async () => {
    const sizes = array(integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 6 });
    const orders = shuffledSubarray([0, 1, 2], { minLength: 3 });
    const law = asyncProperty(
      uint8Array({ maxLength: 20_000 }),
      sizes,
      orders,
      async (bytes, pieces, order) => {
        const parts = [...signedFields(), fileOf(bytes)];
        const { contentType, body } = multipart(order.flatMap((at) => parts[at] ?? []));
        const { staged, arrived } = await received(streamOf(inPieces(body, pieces)), contentType);
        expect(arrived.conclude()).toEqual({ filename: "a.bin" as never, message: null });
        expect(await staged.finish()).toMatchObject({ sha256: sha256Of(bytes), size: bytes.length });
        await staged.discard();
      },
    );
    await assert(law, { numRuns: 60 });
    expect(await filesUnder(dir.path)).toEqual([]);
  });

  test("that is cut at any of its bytes is refused, and leaves nothing", async () => {
    const { contentType, body } = multipart([...signedFields(), fileOf(Buffer.alloc(50, "x"))]);
    for (let length = 0; length < body.length - 2; length++) {
      const cut = received(streamOf([body.subarray(0, length)]), contentType);
      await expect(within(1_000, `an end for ${length} bytes`, cut)).rejects.toMatchObject({ name: "Fault" });
    }
    expect(await filesUnder(dir.path)).toEqual([]);
  });

  test("whose connection breaks in the middle of the file leaves nothing", async () => {
    const { contentType, body } = multipart([...signedFields(), fileOf(Buffer.alloc(50_000))]);
    const breaking = new ReadableStream({
      start(controller) {
        controller.enqueue(body.subarray(0, 20_000));
      },
      pull(controller) {
        controller.error(new Error("the connection was lost"));
      },
    });
    await expect(received(breaking, contentType)).rejects.toThrow();
    expect(await filesUnder(dir.path)).toEqual([]);
  });

  test("takes a file of exactly the most bytes, and refuses one byte more", async () => {
    const exact = multipart([...signedFields(), fileOf(Buffer.alloc(MOST_BYTES))]);
    const { staged } = await received(streamOf([exact.body]), exact.contentType);
    expect(await staged.finish()).toMatchObject({ size: MOST_BYTES });
    await staged.discard();
    const over = multipart([...signedFields(), fileOf(Buffer.alloc(MOST_BYTES + 1))]);
    await expect(received(streamOf([over.body]), over.contentType)).rejects.toMatchObject({
      code: "PAYLOAD_TOO_LARGE",
    });
    expect(await filesUnder(dir.path)).toEqual([]);
  });

  test("is refused for its file's name before a byte of the file has come", async () => {
    const { contentType, body } = multipart([
      ...signedFields(),
      { ...fileOf(Buffer.alloc(1)), filename: "../x" },
    ]);
    const endless = streamOf([body.subarray(0, body.indexOf("../x") + 20)], false);
    await expect(within(1_000, "a refusal", received(endless, contentType))).rejects.toMatchObject({
      code: "VALIDATION_FAILED",
      message: expect.stringMatching(/^filename: /),
    });
  });

  test("with too many headers is refused before its file, though both begin in one piece", async () => {
    const headers = Array.from({ length: 10_000 }, () => "X-A: b");
    const file = { ...fileOf(Buffer.alloc(MOST_BYTES)), headers };
    const { contentType, body } = multipart([...signedFields(), file]);
    const endless = streamOf([body.subarray(0, -1_000)], false);
    await expect(within(1_000, "a refusal", received(endless, contentType))).rejects.toMatchObject({
      message: expect.stringContaining("besides the file's"),
    });
    expect(await filesUnder(dir.path)).toEqual([]);
  });

  test.each([70_000, 130_000, 300_000, 2_000_000])(
    "with %p bytes in a part that nobody asked for is refused at once, also where it comes in one piece",
    async (bytes) => {
      const { contentType, body } = multipart([
        fileOf(Buffer.alloc(100)),
        { name: "x", value: Buffer.alloc(bytes) },
      ]);
      const unasked = Buffer.from(
        body.toString("latin1").replace('form-data; name="x"', "attachment"),
        "latin1",
      );
      const refused = within(1_000, "a refusal", received(streamOf([unasked]), contentType));
      await expect(refused).rejects.toMatchObject({ message: expect.stringContaining("besides the file's") });
      expect(await filesUnder(dir.path)).toEqual([]);
    },
  );

  test("that stands still ends at its deadline, with nothing left", async () => {
    const { contentType, body } = multipart([...signedFields(), fileOf(Buffer.alloc(1_000))]);
    const endless = streamOf([body.subarray(0, -500)], false);
    await expect(received(endless, contentType, { stallSeconds: 0.05 })).rejects.toMatchObject({
      code: "REQUEST_TIMEOUT",
    });
    expect(await filesUnder(dir.path)).toEqual([]);
  });

  test("is read no faster than the disk takes its file", async () => {
    const { contentType, body } = multipart([...signedFields(), fileOf(Buffer.alloc(2_000_000))]);
    const disk = Promise.withResolvers<void>();
    const slow: Blobs = Object.create(blobs, {
      stage: {
        value: async () => {
          const staged = await blobs.stage();
          const write = staged.write.bind(staged);
          staged.write = (chunk) => disk.promise.then(() => write(chunk));
          return staged;
        },
      },
    });
    let taken = 0;
    const source = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const piece = body.subarray(taken, taken + 1_000);
          taken += piece.length;
          if (piece.length > 0) controller.enqueue(piece);
          else controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const receiving = received(source, contentType, { into: slow, mostBytes: 2_000_000 });
    for (let before = -1; before !== taken; await Bun.sleep(5)) before = taken;
    const readAhead = taken;
    disk.resolve();
    const { staged } = await receiving;
    expect(readAhead).toBeLessThan(500_000);
    expect(await staged.finish()).toMatchObject({ size: 2_000_000 });
    await staged.discard();
  });
});

async function received(
  body: ReadableStream<Uint8Array>,
  contentType: string,
  { stallSeconds = 30, into = blobs as Blobs, mostBytes = MOST_BYTES } = {},
) {
  const request = new Request("http://localhost/", {
    method: "POST",
    headers: { "Content-Type": contentType },
    body,
  });
  const arrived = new Arrived({ key, toleranceSeconds: 300 }, new Date(), metrics);
  using deadlines = new Deadlines(stallSeconds, 3_600);
  const staged = await receive(request, arrived, into, mostBytes, deadlines);
  return { staged, arrived };
}

function fileOf(value: Uint8Array): Part {
  return { name: "file", value, filename: "a.bin" };
}

function streamOf(pieces: readonly Uint8Array[], ends = true): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      if (ends) controller.close();
    },
  });
}

/** Cuts by the sizes, over and over, until nothing is left. */
function inPieces(bytes: Multipart["body"], sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}
