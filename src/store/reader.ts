import type { FileKey } from "./file-key.ts";
import type { Counts } from "./store.ts";

/** How a file was left. */
export interface LastState {
  readonly revision: number;
  /** Null: it was deleted. */
  readonly sha256: string | null;
}

/** A blob that must be there, since an asset names it. */
export interface NamedBlob {
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  /** The asset, or one of those, that names it. */
  readonly filename: string;
}

/** Named by an asset; or by none, and to be collected unless an upload has claimed it; or not known at all. */
export type BlobStanding = "named" | "unnamed" | "unknown";

/**
 * What is kept, as another process reads it beside the service: each answer is of one moment, nothing is
 * written, and nobody's writes are held up. Throws the fault `STORE_UNAVAILABLE` where it is damaged.
 */
export interface StoreReader extends Disposable {
  /** Grows with each change of what is kept, and how. What is of an older version is read as this program would have it. */
  readonly schemaVersion: number;
  /** Whether nothing was ever saved. */
  isUnused(): Promise<boolean>;
  counts(): Promise<Counts>;
  /** Null where there never was such a file. */
  lastState(file: FileKey): Promise<LastState | null>;
  /** Sorted by hash, each once. */
  namedBlobs(): Promise<readonly NamedBlob[]>;
  blobStanding(sha256: string): Promise<BlobStanding>;
  /** What is damaged, or contradicts itself, in a sentence each; empty where all is sound. Reads everything. */
  contradictions(): Promise<readonly string[]>;
  /** Writes one moment's state, whole and of the same version, into a new file. Throws `STORAGE_FULL` where there is no room. */
  copyTo(path: string): Promise<void>;
}
