import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { type Blobs, openDiskBlobs } from "../../src/blobs/index.ts";
import { answerWithRanges } from "../../src/delivery/answer.ts";
import { AssetBytes, AT_ONCE_BYTES } from "../../src/delivery/asset-bytes.ts";
import type { Offer } from "../../src/delivery/offer.ts";
import { until } from "../support/deadline.ts";
import { openRaw } from "../support/raw-http.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const LARGEST_BYTES = 4 * 1024 * 1024;

const PART = { start: 10, end: 19 };

test("a part of an asset that is asked for again comes from memory, though its blob is removed", async () => {
  await using dir = await tempDir();
  const { blobs, offer, bytes } = await keptIn(dir, LARGEST_BYTES);
  const assets = new AssetBytes(blobs);
  expect(assets.atHand(offer, PART)).toBeNull();
  expect(isOnDisk(assets.open(offer, PART))).toBe(true);
  await until("bytes in memory", () => !isOnDisk(assets.open(offer, PART)));

  await blobs.remove(offer.sha256);
  expect(await read(assets.open(offer, PART))).toEqual(bytes.subarray(10, 20));
  expect(await read(assets.atHand(offer, PART) ?? new Blob())).toEqual(bytes.subarray(10, 20));
});

test("what is long comes from memory too, but not past the router: it takes its time", async () => {
  await using dir = await tempDir();
  const { blobs, offer, bytes } = await keptIn(dir, AT_ONCE_BYTES + 1);
  const assets = new AssetBytes(blobs);
  await until("bytes in memory", () => !isOnDisk(assets.open(offer, PART)));
  expect(isOnDisk(assets.open(offer))).toBe(false);
  expect(assets.atHand(offer)).toBeNull();
  expect(await read(assets.open(offer))).toEqual(bytes);
  expect(isOnDisk(assets.open(offer, { start: 1, end: AT_ONCE_BYTES }))).toBe(false);
});

test("an asset of more than 4 MiB is read from the disk each time, and then others still come to memory", async () => {
  await using dir = await tempDir();
  const large = await keptIn(dir, LARGEST_BYTES + 1);
  const largest = await keptIn(dir, LARGEST_BYTES);
  const assets = new AssetBytes(large.blobs);
  await until("bytes in memory", () => {
    expect(isOnDisk(assets.open(large.offer, PART))).toBe(true);
    return !isOnDisk(assets.open(largest.offer, PART));
  });
  expect(await read(assets.open(large.offer))).toEqual(large.bytes);
});

test("a blob that is gone is told to who asks, and holds up no other", async () => {
  await using dir = await tempDir();
  const gone = await keptIn(dir, 100);
  const there = await keptIn(dir, 100);
  const assets = new AssetBytes(gone.blobs);
  await gone.blobs.remove(gone.offer.sha256);
  for (let asked = 0; asked < 3; asked++) expect(() => assets.open(gone.offer)).toThrow("ENOENT");
  await until("bytes in memory", () => !isOnDisk(assets.open(there.offer)));
});

test.each([0, 1_000])("an answer from memory is the one from the disk, with %d bytes", async (size) => {
  await using dir = await tempDir();
  const { blobs, offer } = await keptIn(dir, size);
  const assets = new AssetBytes(blobs);
  await until("bytes in memory", () => !isOnDisk(assets.open(offer)));
  using disk = serve((request) =>
    answerWithRanges(request, offer, (range) => blobs.open(offer.sha256, range)),
  );
  using memory = serve((request) => answerWithRanges(request, offer, (range) => assets.open(offer, range)));

  for (const headers of [
    [],
    ["Range: bytes=2-4"],
    ["Range: bytes=-1"],
    ["Range: bytes=0-1,3-4"],
    ["Range: bytes=2-4", `If-Range: ${offer.etag}`],
    ["Range: bytes=2-4", `If-Range: "old"`],
    [`If-None-Match: ${offer.etag}`],
  ]) {
    for (const method of ["GET", "HEAD"]) {
      expect(await ask(memory, method, headers)).toEqual(await ask(disk, method, headers));
    }
  }
});

/** A blob of random bytes, and the offer that names it. */
async function keptIn(dir: TempDir, size: number): Promise<{ blobs: Blobs; offer: Offer; bytes: Buffer }> {
  const blobs = openDiskBlobs(dir.path);
  const bytes = randomBytes(size);
  const staged = await blobs.stage();
  await staged.write(bytes);
  const finished = await staged.finish();
  await finished.keep();
  const { sha256 } = finished;
  const offer: Offer = {
    kind: "assets",
    name: "firmware.bin",
    revision: 1,
    etag: `"${sha256}"`,
    sha256,
    size,
    personal: false,
    immutable: false,
    wholeOnly: false,
    changedAt: new Date(0),
  };
  return { blobs, offer, bytes };
}

function isOnDisk(blob: Blob): boolean {
  return "name" in blob && blob.name !== undefined;
}

async function read(blob: Blob): Promise<Buffer> {
  return Buffer.from(await blob.arrayBuffer());
}

function serve(answer: (request: Request) => Response | null) {
  const fetch = (request: Request) => {
    try {
      return answer(request) ?? new Response("nothing to answer with", { status: 500 });
    } catch (error) {
      return new Response(String(error), { status: 416 }); // What the app makes of the fault is not asked here.
    }
  };
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
  return { url: server.url.origin, [Symbol.dispose]: () => void server.stop(true) };
}

async function ask({ url }: { readonly url: string }, method: string, headers: readonly string[]) {
  using connection = await openRaw(url);
  await connection.send(`${[`${method} / HTTP/1.1`, "Host: 127.0.0.1", ...headers].join("\r\n")}\r\n\r\n`);
  const { status, headers: answered, body } = await connection.response({ toHead: method === "HEAD" });
  const lasting = [...answered].filter(([name]) => name !== "date");
  return { status, headers: new Map(lasting), body: body.toString("latin1") };
}
