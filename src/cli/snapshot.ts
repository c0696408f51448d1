import { rm } from "node:fs/promises";
import type { HeldBlobs } from "../blobs/index.ts";
import { type Counts, type NamedBlob, openSqliteCopy } from "../store/index.ts";
import { CommandError } from "./command.ts";
import { openKept } from "./data-dir.ts";

const ATTEMPTS = 5;

/** One moment of what is kept. */
export interface Snapshot {
  readonly databasePath: string;
  readonly schemaVersion: number;
  readonly counts: Counts;
  /** All that the database names. */
  readonly blobs: readonly NamedBlob[];
}

/**
 * Copies one moment's database to `path`, and holds every blob that it names. Between the two a blob may be replaced
 * and collected: then a later moment is taken, with what was held before still held, so that fewer can vanish.
 */
export async function takeSnapshot(dataDir: string, held: HeldBlobs, path: string): Promise<Snapshot> {
  using reader = openKept(dataDir);
  for (let attempt = 1; ; attempt++) {
    await reader.copyTo(path);
    const snapshot = await describe(path);
    const missing = new Set(await held.add(snapshot.blobs.map(({ sha256 }) => sha256)));
    if (missing.size === 0) return snapshot;
    if (attempt === ATTEMPTS) throw lost(snapshot.blobs.filter(({ sha256 }) => missing.has(sha256)));
    await rm(path);
  }
}

async function describe(databasePath: string): Promise<Snapshot> {
  using copy = openSqliteCopy(databasePath);
  if (copy === null) throw new Error(`the copy at ${databasePath} is empty`);
  const { schemaVersion } = copy;
  return { databasePath, schemaVersion, counts: await copy.counts(), blobs: await copy.namedBlobs() };
}

function lost(blobs: readonly NamedBlob[]): CommandError {
  const [first, ...others] = blobs.map(({ filename }) => filename);
  const names = others.length === 0 ? first : `${first} and ${others.length} more`;
  return new CommandError(
    `the bytes of asset ${names} are not in DATA_DIR: iotsupport check tells more; upload or delete what is lost`,
  );
}
