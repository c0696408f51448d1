import type { Blobs } from "../blobs/index.ts";
import type { Log } from "../ops/index.ts";
import type { Counts, Store } from "../store/index.ts";

/** Looks after the store for health and metrics, which must answer also where it cannot be read. */
export class StoreWatch {
  #readTrouble: string | null = null;

  constructor(
    private readonly store: Store,
    private readonly blobs: Blobs,
    private readonly log: Log,
  ) {}

  /** Why nothing can be saved, or read; null while all is well, as far as the last attempts have shown. */
  get trouble(): string | null {
    return this.store.trouble ?? this.#readTrouble ?? this.blobs.trouble;
  }

  /** Null where the database cannot be read: then there is `trouble`. */
  async counts(): Promise<Counts | null> {
    try {
      const counts = await this.store.counts();
      this.#readTrouble = null;
      return counts;
    } catch (error) {
      this.log.error({ err: error }, "the database cannot be read");
      this.#readTrouble = "the database cannot be read";
      return null;
    }
  }
}
