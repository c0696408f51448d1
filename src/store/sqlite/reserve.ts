import { closeSync, existsSync, fsyncSync, openSync, rmSync, statSync, unlinkSync, writeSync } from "node:fs";

/** More than the log can hold at a checkpoint: SQLite's 1,000 pages of 4 KiB, and one batch on top. */
const RESERVE_BYTES = 8 * 1024 * 1024;
const RETRY_MS = 1_000;

/** The largest batch, but for one of a single write. */
const PROBE_BYTES = 1024 * 1024;

/**
 * Disk space held back for a full disk, where SQLite needs room even to delete. A file of zeros, given up
 * for the write that makes room, and made again once there is some.
 */
export class Reserve {
  #isHeld: boolean;
  #retryAtMs = 0;

  constructor(private readonly path: string) {
    this.#isHeld = existsSync(path) && statSync(path).size === RESERVE_BYTES;
  }

  /** Takes the space back, where it is not held already, and says whether it is. A later call tries again. */
  fill(): boolean {
    if (this.#isHeld || performance.now() < this.#retryAtMs) return this.#isHeld;
    this.#isHeld = write(this.path, RESERVE_BYTES, { isKept: true });
    if (this.#isHeld) return true;
    // What there is of it must not stay: a part of the reserve is of no use, and takes the room that was made.
    rmSync(this.path, { force: true, recursive: true });
    this.#retryAtMs = performance.now() + RETRY_MS;
    return false;
  }

  /** Gives the space up; false where it is given up already. */
  free(): boolean {
    if (!this.#isHeld) return false;
    rmSync(this.path, { force: true });
    this.#isHeld = false;
    return true;
  }

  /** Whether a batch of writes has room beside it, found out by a file of that size. */
  hasRoomBeside(): boolean {
    return write(`${this.path}.probe`, PROBE_BYTES, { isKept: false });
  }
}

/** Writes zeros to the disk, and says whether there was room for all of them. */
function write(path: string, bytes: number, { isKept }: { readonly isKept: boolean }): boolean {
  try {
    const file = openSync(path, "w", 0o600);
    try {
      if (!isKept) unlinkSync(path); // It is gone when it is closed, and after a crash too.
      const isWhole = writeSync(file, new Uint8Array(bytes)) === bytes;
      if (isWhole) fsyncSync(file);
      return isWhole;
    } finally {
      closeSync(file);
    }
  } catch {
    return false; // The disk is still full, or takes no file of ours: no reason to stop what goes on without.
  }
}
