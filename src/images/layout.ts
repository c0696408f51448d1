import type { Bytes } from "./bytes.ts";

/** The first byte of every image. */
export const IMAGE_MAGIC = 0xe9;

/** What stands at the end of an image's segments: one byte that is to be their checksum. */
export interface Checksum {
  readonly stored: number;
  readonly computed: number;
}

const SEGMENT_HEAD_BYTES = 8;
const CHECKSUM_SEED = 0xef;
const ALIGNMENT = 16;
const MOST_SEGMENTS = 16;

/**
 * Reads an image's segments and the checksum behind them, which stands in the last of 16 bytes (`esp_image_format.c`).
 * The bytes are then read up to the image's end, an appended digest excepted. Null where they end before, or are no
 * segments.
 */
export async function readSegments(bytes: Bytes, count: number): Promise<Checksum | null> {
  if (count < 1 || count > MOST_SEGMENTS) return null;
  let computed = CHECKSUM_SEED;
  for (let n = 0; n < count; n++) {
    const head = await bytes.read(SEGMENT_HEAD_BYTES);
    if (head.length < SEGMENT_HEAD_BYTES) return null;
    const length = viewOf(head).getUint32(4, true);
    const passed = await bytes.pass(length, (piece) => {
      computed ^= xorOf(piece);
    });
    if (passed < length) return null;
  }
  await bytes.pass(ALIGNMENT - 1 - (bytes.position % ALIGNMENT));
  const [stored] = await bytes.read(1);
  return stored === undefined ? null : { stored, computed };
}

/** By index: an iterator takes several times as long, and an image has millions of bytes. */
function xorOf(piece: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < piece.length; at++) sum ^= piece[at] ?? 0;
  return sum;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
