import { parseReading, type Reading, versionOf } from "../images/index.ts";
import { contentETag, etagOf, type FileKey, type Store } from "../store/index.ts";
import type { Updater } from "./updater.ts";

/** Older ones than this are not looked through for what a device runs. */
const MOST_LOOKED_THROUGH = 20;

/** What a device says that it runs. The revision is null where that is none that we have kept. */
export interface Running {
  readonly revision: number | null;
  readonly version: string;
  /** Whether a hash says so, which says more than a version. */
  readonly isByHash: boolean;
  /** What it runs is built for this chip, so it is one. */
  readonly chip: string | null;
}

/** The version of a revision: its image's own, else its number. */
export function versionFor(revision: number, reading: Reading | null): string {
  return (reading === null ? null : versionOf(reading)) ?? String(revision);
}

/**
 * Whether a device says that it runs just this: by a hash that fits, or by the version, unless a hash shows that it runs
 * another revision: then somebody forgot to raise the version.
 */
export function runs(updater: Updater, running: Running | null, revision: number, reading: Reading): boolean {
  if (isRunning(updater, reading)) return true;
  const isAnother = running?.isByHash === true && running.revision !== revision;
  return !isAnother && updater.version === versionFor(revision, reading);
}

/** Null where it says nothing of that. The newest of several that fit; a hash says more than a version. */
export async function findRunning(store: Store, file: FileKey, updater: Updater): Promise<Running | null> {
  const told = updater.version ?? updater.md5 ?? updater.sha256;
  if (told === null) return null;
  const revisions = await store.listRevisions(file, null, MOST_LOOKED_THROUGH);
  const kept = revisions.flatMap(({ revision, sha256, reading }) =>
    sha256 === null ? [] : [{ revision, sha256, reading: reading === null ? null : parseReading(reading) }],
  );
  const isIt = ({ revision, sha256, reading }: (typeof kept)[number]) =>
    isRunning(updater, reading) || isTagged(updater, { ...file, revision, sha256 });
  const byHash = kept.find(isIt);
  const found =
    byHash ?? kept.find(({ revision, reading }) => updater.version === versionFor(revision, reading));
  return {
    revision: found?.revision ?? null,
    version:
      byHash === undefined
        ? (updater.version ?? told)
        : (updater.version ?? versionFor(byHash.revision, byHash.reading)),
    isByHash: byHash !== undefined,
    chip: byHash?.reading?.image?.chip ?? null,
  };
}

function isRunning({ md5, sha256 }: Updater, reading: Reading | null): boolean {
  if (reading === null) return false;
  const isMd5 = md5 !== null && reading.runningMd5s.includes(md5);
  return isMd5 || (sha256 !== null && reading.runningSha256s.includes(sha256));
}

/** By the ETag of its bytes, or by that of the answer about a config. */
function isTagged({ etag }: Updater, version: FileKey & { revision: number; sha256: string }): boolean {
  return etag !== null && [contentETag(version.sha256), etagOf(version)].includes(`"${etag}"`);
}
