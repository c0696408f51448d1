import { storageFull, storeUnavailable } from "../fault.ts";

/** What is tried on the disk for blobs: turns its errors into faults, and remembers the last until a blob was kept. */
export class Attempts {
  #trouble: string | null = null;

  /** Why the last blob could not be kept, where the disk is to blame and is not just full. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Throws `STORAGE_FULL` where there is no room, and `STORE_UNAVAILABLE` where the disk fails. */
  async make<T>(attempt: Promise<T>): Promise<T> {
    try {
      return await attempt;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : null;
      if (code === null) throw error; // Not the system's: a bug of ours.
      if (code === "ENOSPC" || code === "EDQUOT") throw storageFull({ cause: error });
      this.#trouble = `an asset could not be written: ${code}`;
      throw storeUnavailable(this.#trouble, { cause: error });
    }
  }

  /** A blob was kept. */
  succeeded(): void {
    this.#trouble = null;
  }
}
