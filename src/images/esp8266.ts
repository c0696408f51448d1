import type { Bytes } from "./bytes.ts";
import { ESP8266 } from "./chips.ts";
import type { Hashes } from "./hashes.ts";
import type { Image } from "./image.ts";
import { IMAGE_MAGIC, readSegments, viewOf } from "./layout.ts";

const HEADER_BYTES = 8;
/** Arduino puts its loader in the first sector, an image too, and the program behind it. */
const PROGRAM_AT = 0x1000;
/** Where an ESP8266 loads segments to: data, instructions, and flash, which is mapped. */
const LOADED_TO = [
  [0x3ffe_8000, 0x4000_0000],
  [0x4010_0000, 0x4011_0000],
  [0x4020_0000, 0x4030_0000],
] as const;

export interface Esp8266Reading {
  readonly image: Image;
  /** The MD5s of the image alone, without what follows it, one for each flash mode. */
  readonly runningMd5s: readonly string[];
}

/** Whether an image without a descriptor is an ESP8266's: its first segment comes right behind a header of 8 bytes. */
export function isEsp8266(head: Uint8Array): boolean {
  if (head.length < HEADER_BYTES + 8) return false;
  const loadedTo = viewOf(head).getUint32(HEADER_BYTES, true);
  return LOADED_TO.some(([from, to]) => loadedTo >= from && loadedTo < to);
}

/** Reads an image up to its end. It has no digest, and names no version. */
export async function readEsp8266(bytes: Bytes, hashes: Hashes): Promise<Esp8266Reading> {
  const loader = await readPart(bytes);
  const hasLoader = loader !== null && bytes.position <= PROGRAM_AT;
  if (hasLoader) await bytes.pass(PROGRAM_AT - bytes.position);
  const isProgramBehind = hasLoader && (await bytes.peek(1))[0] === IMAGE_MAGIC;
  const checksum = isProgramBehind ? await readPart(bytes) : loader;
  const image: Image = {
    chip: ESP8266,
    description: null,
    minChipRevision: null,
    length: checksum === null ? null : bytes.position,
    checksum: checksum === null ? "missing" : checksum.stored === checksum.computed ? "valid" : "wrong",
    digest: null,
  };
  return { image, runningMd5s: checksum === null ? [] : hashes.md5s };
}

async function readPart(bytes: Bytes) {
  const header = await bytes.read(HEADER_BYTES);
  return header.length < HEADER_BYTES ? null : readSegments(bytes, header[1] ?? 0);
}
