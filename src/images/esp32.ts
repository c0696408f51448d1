import type { Bytes } from "./bytes.ts";
import { chipOfId } from "./chips.ts";
import type { Hashes } from "./hashes.ts";
import type { Description, Image } from "./image.ts";
import { readSegments, viewOf } from "./layout.ts";

/** How many bytes of an image have to be seen to say what it is. */
export const HEAD_BYTES = 0x120;

const HEADER_BYTES = 24;
const DESCRIPTOR_AT = 0x20;
const DESCRIPTOR_MAGIC = 0xabcd_5432;
const DIGEST_BYTES = 32;

export interface Esp32Reading {
  readonly image: Image;
  /** The digest that the chip finds for it, as `esp_partition_get_sha256` does; null where the image is cut off. */
  readonly runningSha256: string | null;
  /** The MD5 of the image alone, without what follows it in the file; null where it is cut off. */
  readonly runningMd5: string | null;
}

/** Whether an image begins like an application of an ESP32: the descriptor's magic is in its place. */
export function isEsp32(head: Uint8Array): boolean {
  return head.length >= HEAD_BYTES && viewOf(head).getUint32(DESCRIPTOR_AT, true) === DESCRIPTOR_MAGIC;
}

/** Reads an application up to its end: esp_app_format.h and esp_app_desc.h, little-endian. */
export async function readEsp32(bytes: Bytes, hashes: Hashes): Promise<Esp32Reading> {
  const description = descriptionIn(await bytes.peek(HEAD_BYTES));
  const header = viewOf(await bytes.read(HEADER_BYTES));
  const common = {
    chip: chipOfId(header.getUint16(12, true)),
    description,
    minChipRevision: header.getUint16(15, true),
  };
  const isDigestAppended = header.getUint8(23) === 1;

  const checksum = await readSegments(bytes, header.getUint8(1));
  const computed = hashes.sha256; // Of everything before the digest, the checksum among it.
  const appended = checksum !== null && isDigestAppended ? await bytes.read(DIGEST_BYTES) : null;
  if (checksum === null || (appended !== null && appended.length < DIGEST_BYTES)) {
    const image: Image = { ...common, length: null, checksum: "missing", digest: null };
    return { image, runningSha256: null, runningMd5: null };
  }
  const digest = appended === null ? null : hexOf(appended);
  const image: Image = {
    ...common,
    length: bytes.position,
    checksum: checksum.stored === checksum.computed ? "valid" : "wrong",
    digest: digest === null ? null : { sha256: digest, isValid: digest === computed },
  };
  return { image, runningSha256: digest ?? computed, runningMd5: hashes.md5 };
}

function descriptionIn(head: Uint8Array): Description {
  const text = (at: number, length: number) => textOf(head.subarray(at, at + length));
  return {
    secureVersion: viewOf(head).getUint32(0x24, true),
    version: text(0x30, 32),
    project: text(0x50, 32),
    built: `${text(0x80, 16)} ${text(0x70, 16)}`.trim(),
    idfVersion: text(0x90, 32),
    elfSha256: hexOf(head.subarray(0xb0, 0xd0)),
  };
}

/** Up to the first zero. What is not UTF-8 becomes what stands for that. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end === -1 ? bytes : bytes.subarray(0, end));
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
