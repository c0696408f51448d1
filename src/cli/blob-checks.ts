import type { Blobs } from "../blobs/index.ts";
import type { NamedBlob, StoreReader } from "../store/index.ts";
import { sha256Of } from "./sha256.ts";
import { bytes } from "./words.ts";

/** The service may replace and collect what is looked at: what seems lost is looked at so often. */
const LOOKS = 3;
/** A blob is remembered before it is placed, so that a young one may just have been missed. */
const GRACE_MS = 60 * 60_000;

/** In a sentence each, what is wrong with blobs that assets name. `onBytes` hears of bytes as they are read. */
export async function brokenBlobs(
  named: readonly NamedBlob[],
  blobs: Blobs,
  reader: StoreReader,
  onBytes: (count: number) => void,
): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const blob of named) {
    if (await isLost(blob.sha256, blobs, reader)) {
      broken.push(`asset ${blob.filename} is lost: blobs/${blob.sha256} is missing; upload it again`);
      continue;
    }
    const damage = await damageOf(blob, blobs, onBytes);
    if (damage !== null) broken.push(`asset ${blob.filename} is damaged: ${damage}; upload it again`);
  }
  return broken;
}

/** In a sentence each: blobs that nothing remembers, so that nothing will ever collect them. */
export async function strayBlobs(blobs: Blobs, reader: StoreReader, now: Date): Promise<readonly string[]> {
  const strays: string[] = [];
  for await (const { sha256, size, writtenAt } of blobs.list()) {
    if (now.getTime() - writtenAt.getTime() < GRACE_MS) continue;
    const isStray = (await reader.blobStanding(sha256)) === "unknown" && (await blobs.exists(sha256));
    if (isStray)
      strays.push(`blobs/${sha256} takes ${bytes(size)}, and nothing remembers it; it may be deleted`);
  }
  return strays;
}

async function isLost(sha256: string, blobs: Blobs, reader: StoreReader): Promise<boolean> {
  for (let look = 0; look < LOOKS; look++) {
    if (await blobs.exists(sha256)) return false;
    if ((await reader.blobStanding(sha256)) !== "named") return false;
  }
  return true;
}

/** Null also of one that was collected while it was looked at. */
async function damageOf(
  { sha256, size }: NamedBlob,
  blobs: Blobs,
  onBytes: (count: number) => void,
): Promise<string | null> {
  let read = 0;
  const counting = async function* () {
    for await (const chunk of blobs.open(sha256).stream()) {
      read += chunk.length;
      onBytes(chunk.length);
      yield chunk;
    }
  };
  try {
    const found = await sha256Of(counting());
    if (found !== sha256) return `blobs/${sha256} has the hash ${found}`;
    return read === size ? null : `blobs/${sha256} has ${read} bytes, not the ${size} noted`;
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    return error.code === "ENOENT" ? null : `blobs/${sha256} cannot be read (${error.code})`;
  }
}
