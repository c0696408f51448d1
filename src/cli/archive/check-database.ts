import { Fault } from "../../fault.ts";
import { openSqliteCopy, StoreOpenError, type StoreReader } from "../../store/index.ts";
import { ArchiveError, type Manifest } from "./manifest.ts";

/**
 * Holds a backup's database against its manifest and its blobs, whose sizes are given by their hash. Throws
 * `ArchiveError`, which names the archive, for the first that does not fit.
 */
export async function checkDatabase(
  archive: string,
  databasePath: string,
  manifest: Manifest,
  blobs: ReadonlyMap<string, number>,
): Promise<void> {
  using copy = open(archive, databasePath);
  const problem =
    (await firstContradiction(copy)) ??
    (await wrongCount(copy, manifest, blobs)) ??
    (await wrongBlob(copy, blobs));
  if (problem !== null) throw new ArchiveError(`${archive} is damaged: ${problem}`);
}

function open(archive: string, databasePath: string): StoreReader {
  try {
    const copy = openSqliteCopy(databasePath);
    if (copy !== null) return copy;
    throw new ArchiveError(`${archive} is no backup: there is nothing in its database`);
  } catch (cause) {
    if (!(cause instanceof StoreOpenError)) throw cause;
    throw new ArchiveError(`${archive} is no backup, or damaged: ${cause.message}`, { cause });
  }
}

async function firstContradiction(copy: StoreReader): Promise<string | null> {
  try {
    const [first = null] = await copy.contradictions();
    return first;
  } catch (error) {
    if (error instanceof Fault) return error.message;
    throw error;
  }
}

async function wrongCount(
  copy: StoreReader,
  manifest: Manifest,
  blobs: ReadonlyMap<string, number>,
): Promise<string | null> {
  const { configs, assets, pendingAnnouncements } = await copy.counts();
  const bytes = [...blobs.values()].reduce((sum, size) => sum + size, 0);
  const counts: readonly [what: string, found: number, stated: number][] = [
    ["configs", configs, manifest.configs],
    ["assets", assets, manifest.assets],
    ["announcements", pendingAnnouncements, manifest.pending_announcements],
    ["blobs", blobs.size, manifest.blobs.count],
    ["bytes of blobs", bytes, manifest.blobs.bytes],
    ["as its database's version", copy.schemaVersion, manifest.schema_version],
  ];
  const wrong = counts.find(([, found, stated]) => found !== stated);
  return wrong === undefined ? null : `it has ${wrong[1]} ${wrong[0]}, and states ${wrong[2]}`;
}

async function wrongBlob(copy: StoreReader, blobs: ReadonlyMap<string, number>): Promise<string | null> {
  const named = await copy.namedBlobs();
  for (const { sha256, size, filename } of named) {
    const found = blobs.get(sha256);
    if (found === undefined) return `the bytes of asset ${filename} are missing`;
    if (found !== size) return `asset ${filename} has ${found} bytes, not the ${size} noted`;
  }
  return named.length === blobs.size ? null : `it has ${blobs.size - named.length} blobs that nothing names`;
}
