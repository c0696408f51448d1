/** The first and the last byte of a part, counted from 0, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A file's bytes while they arrive. Either `finish` or `discard` ends it. */
export interface StagedBlob {
  /** Resolves when the bytes are handed on, so that who awaits it holds one chunk at a time. */
  write(chunk: Uint8Array): Promise<void>;
  /** Resolves when all bytes are flushed to the disk. The blob is not found yet: `keep` does that. */
  finish(): Promise<FinishedBlob>;
  /** Leaves nothing behind. Also after `finish`, for a blob that is not kept; harmless after `keep`. */
  discard(): Promise<void>;
}

export interface FinishedBlob {
  /** Of all its bytes, lower-case hex. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  /** Its bytes, until it is kept or discarded. */
  open(): Blob;
  /** Makes it found under its hash, for good: flushed when this resolves. */
  keep(): Promise<void>;
}

/** Blobs that stay until this is disposed of, whatever is removed meanwhile. */
export interface HeldBlobs extends AsyncDisposable {
  /** Holds these as well, and answers which of them are not there. Those that are held already stay so. */
  add(sha256s: readonly string[]): Promise<readonly string[]>;
  open(sha256: string): Blob;
  /** Lets go of one before the others. */
  release(sha256: string): Promise<void>;
}

/** A blob as it lies there. */
export interface FoundBlob {
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  /** When its last byte arrived. */
  readonly writtenAt: Date;
}

/**
 * Bytes, each content once, found by their SHA-256. They never change. Names and revisions are the store's.
 * Throws the fault `STORAGE_FULL` where there is no room, and `STORE_UNAVAILABLE` where the disk fails.
 */
export interface Blobs {
  /** Why no blob can be kept, as far as the last attempt tells; null while all is well, or the disk is just full. */
  readonly trouble: string | null;
  stage(): Promise<StagedBlob>;
  /**
   * The bytes, or a part of them, read as they are sent. A download goes on when its blob is removed meanwhile. Throws
   * where there is no such blob.
   */
  open(sha256: string, range?: ByteRange): Blob;
  exists(sha256: string): Promise<boolean>;
  /** Removes them, where they are. */
  remove(sha256: string): Promise<void>;
  /** Begins to hold blobs, none at first. */
  hold(): Promise<HeldBlobs>;
  /** All that are there, named or not, in no order. */
  list(): AsyncIterable<FoundBlob>;
  /** Removes what a crash has left of blobs that were arriving, or held: what nobody has touched for a day. */
  sweep(now: Date): Promise<void>;
}
