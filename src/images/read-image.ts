import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Bytes } from "./bytes.ts";
import { HEAD_BYTES, isEsp32, readEsp32 } from "./esp32.ts";
import { isEsp8266, readEsp8266 } from "./esp8266.ts";
import { Hashes } from "./hashes.ts";
import type { Reading } from "./image.ts";
import { IMAGE_MAGIC } from "./layout.ts";

/** What is read at once: the event loop does other work between two pieces. */
const PIECE_BYTES = 64 * 1024;
/** The largest flash that an ESP8266 can have: what unpacks to more is no image for it. */
const MOST_UNPACKED_BYTES = 16 * 1024 * 1024;
const GZIP_MAGIC = [0x1f, 0x8b] as const;

/** Whether a file that begins so may be an image, packed or not. */
export async function mayBeImage(file: Blob): Promise<boolean> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  return first === IMAGE_MAGIC || (first === GZIP_MAGIC[0] && second === GZIP_MAGIC[1]);
}

/** Reads a file of any size for what it says of itself, holding one piece of it at a time. */
export async function readImage(file: Blob): Promise<Reading> {
  const reading = await readPieces(piecesOf(file));
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if (first !== GZIP_MAGIC[0] || second !== GZIP_MAGIC[1]) return reading;
  const unpacked = await unpackedReading(file);
  // An ESP8266 takes it as it is, unpacks it at its next start, and knows nothing of the packed bytes after that.
  return unpacked === null ? reading : { ...unpacked, md5: reading.md5 };
}

async function readPieces(pieces: AsyncIterator<Uint8Array>): Promise<Reading> {
  let hashes = new Hashes({ sha256: false, flashModes: false });
  const bytes = new Bytes(pieces, (piece) => hashes.update(piece));
  const head = await bytes.peek(HEAD_BYTES);
  const kind =
    head[0] === IMAGE_MAGIC ? (isEsp32(head) ? "esp32" : isEsp8266(head) ? "esp8266" : null) : null;
  hashes = new Hashes({ sha256: kind === "esp32", flashModes: kind === "esp8266" });

  if (kind === "esp32") {
    const { image, runningMd5, runningSha256 } = await readEsp32(bytes, hashes);
    await bytes.pass(Number.POSITIVE_INFINITY);
    const { md5 } = hashes;
    return {
      md5,
      image,
      runningMd5s: distinct([runningMd5, md5]),
      runningSha256s: distinct([runningSha256]),
    };
  }
  const read = kind === null ? null : await readEsp8266(bytes, hashes);
  await bytes.pass(Number.POSITIVE_INFINITY);
  return {
    md5: hashes.md5,
    image: read?.image ?? null,
    runningMd5s: distinct([...(read?.runningMd5s ?? []), ...hashes.md5s]),
    runningSha256s: [],
  };
}

/** Null where it does not unpack, or to more than such a chip holds. */
async function unpackedReading(file: Blob): Promise<Reading | null> {
  try {
    return await readPieces(unpacked(file));
  } catch (error) {
    if (error instanceof TooLarge || (error instanceof Error && "code" in error)) return null; // zlib's have one.
    throw error;
  }
}

async function* unpacked(file: Blob): AsyncGenerator<Uint8Array> {
  using source = disposable(Readable.from(piecesOf(file)));
  using gunzip = disposable(createGunzip());
  source.stream.on("error", (error) => gunzip.stream.destroy(error));
  source.stream.pipe(gunzip.stream);
  let bytes = 0;
  for await (const piece of gunzip.stream) {
    bytes += piece.length;
    if (bytes > MOST_UNPACKED_BYTES) throw new TooLarge();
    yield piece;
  }
}

class TooLarge extends Error {}

function disposable<T extends { destroy(): unknown }>(stream: T): { readonly stream: T } & Disposable {
  return { stream, [Symbol.dispose]: () => void stream.destroy() };
}

async function* piecesOf(file: Blob): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    yield new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer());
  }
}

function distinct(hashes: readonly (string | null)[]): readonly string[] {
  return [...new Set(hashes.filter((hash) => hash !== null))];
}
