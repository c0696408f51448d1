import { closeSync, existsSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";

const RESERVE_BYTES = 2 * 1024 * 1024;

/**
 * Disk space held back for a full disk, where SQLite needs room even to delete. A file of zeros, given up
 * for the write that makes room, and made again once there is some.
 */
export class Reserve {
  #held: boolean;

  constructor(private readonly path: string) {
    this.#held = existsSync(path);
  }

  /** Takes the space back, where it is not held already. Where there is none, a later call tries again. */
  fill(): void {
    if (this.#held) return;
    try {
      const file = openSync(this.path, "w", 0o600);
      try {
        writeSync(file, new Uint8Array(RESERVE_BYTES));
        fsyncSync(file);
        this.#held = true;
      } finally {
        closeSync(file);
      }
    } catch {
      // Still full. The room that was just made must not go into half a reserve.
      rmSync(this.path, { force: true });
    }
  }

  /** Gives the space up; false where it is given up already. */
  free(): boolean {
    if (!this.#held) return false;
    rmSync(this.path, { force: true });
    this.#held = false;
    return true;
  }
}
