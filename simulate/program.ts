import { createHash } from "node:crypto";

/** A program in a device's flash, as the device itself can tell of it. */
export interface Program {
  /** Of the service's file; null for one that came with the device. */
  readonly revision: number | null;
  readonly md5: string;
  /** As `esp_partition_get_sha256` reads it: an image's last 32 bytes, in upper case. */
  readonly digest: string;
  readonly version: string | null;
  readonly etag: string | null;
}

/** What is on it as it leaves the factory. */
export const factoryProgram: Program = {
  revision: null,
  md5: createHash("md5").update("factory").digest("hex"),
  digest: createHash("sha256").update("factory").digest("hex").toUpperCase(),
  version: "0.9.0-factory",
  etag: null,
};

const IMAGE = 0xe9;
const DESCRIPTOR_AT = 0x20;
const DESCRIPTOR = 0xabcd_5432;
const HAS_DIGEST_AT = 23;
const DIGEST_BYTES = 32;

/**
 * Null where the chip's loader would refuse it: the digest at an image's end is that of all before it (esp_image_format.h).
 * A file that is no image has no version, and is taken as it is.
 */
export function programIn(bytes: Buffer, revision: number, etag: string | null): Program | null {
  const isImage = bytes[0] === IMAGE && bytes.length > DESCRIPTOR_AT + 256;
  const end = bytes.length - DIGEST_BYTES;
  const digest = createHash("sha256")
    .update(bytes.subarray(0, Math.max(0, end)))
    .digest();
  if (isImage && bytes[HAS_DIGEST_AT] === 1 && !digest.equals(bytes.subarray(end))) return null;
  return {
    revision,
    md5: createHash("md5").update(bytes).digest("hex"),
    digest: bytes.subarray(Math.max(0, end)).toString("hex").toUpperCase(),
    version: isImage ? versionIn(bytes) : null,
    etag,
  };
}

function versionIn(image: Buffer): string | null {
  if (image.readUInt32LE(DESCRIPTOR_AT) !== DESCRIPTOR) return null;
  return image.toString("latin1", DESCRIPTOR_AT + 0x10, DESCRIPTOR_AT + 0x30).replace(/\0.*$/s, "") || null;
}
