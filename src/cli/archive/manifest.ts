import * as v from "valibot";

/** The only one so far. A program refuses what it does not know. */
export const FORMAT_VERSION = 1;

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Sha256 = v.pipe(v.string(), v.regex(/^[\da-f]{64}$/, "not a SHA-256 in lower-case hex"));

/** A backup's first entry: what the others must add up to. */
export const Manifest = v.object({
  format: v.literal("iotsupport backup"),
  format_version: v.literal(FORMAT_VERSION),
  /** Of the program that made it. */
  iotsupport_version: v.string(),
  schema_version: Count,
  created_at: v.pipe(v.string(), v.isoTimestamp()),
  configs: Count,
  assets: Count,
  pending_announcements: Count,
  database: v.object({ bytes: Count, sha256: Sha256 }),
  blobs: v.object({ count: Count, bytes: Count }),
});
export type Manifest = v.InferOutput<typeof Manifest>;

/** A backup that is not, or not wholly, what it should be. The message begins with its path. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}

/** How each entry is named, so that `tar -xf` alone makes a data directory. */
export const entryNames = {
  manifest: "manifest.json",
  database: "iotsupport.db",
  blob: (sha256: string) => `blobs/${sha256}`,
} as const;

/** The blob that an entry of this name holds; null for any other name. */
export function blobNamedBy(name: string): string | null {
  return /^blobs\/([\da-f]{64})$/.exec(name)?.[1] ?? null;
}
