import type { Blobs } from "../blobs/index.ts";
import type { Log } from "../ops/index.ts";
import type { Store } from "../store/index.ts";

const GRACE_MS = 60 * 60_000;
const PERIOD_MS = 10 * 60_000;

/**
 * Removes blobs that no revision names any more, an hour after the last did, or at once while room is short. It goes by
 * the store's own list, never by a look at the disk, and not while uploads place blobs. What a crash has left of uploads
 * it has swept, too.
 */
export class Collector {
  #timer: NodeJS.Timeout | null = null;
  /** Uploads that place a blob, or wait to: any number of them side by side. */
  readonly #placing = new Set<Promise<unknown>>();
  /** The last collection; nothing is placed before its end. */
  #collecting: Promise<unknown> = Promise.resolve();
  /** The grace period of a collection that has yet to begin; null where there is none. */
  #dueGraceMs: number | null = null;
  /** Whether the last upload found no room. */
  #isUploadRefused = false;

  constructor(
    private readonly store: Store,
    private readonly blobs: Blobs,
    private readonly log: Log,
    private readonly now: () => Date,
  ) {}

  start(): void {
    this.#collect(GRACE_MS);
    this.#timer = setInterval(() => {
      this.#isUploadRefused = false; // It may have been long ago. The next one that finds no room has it made.
      this.#collect(GRACE_MS);
    }, PERIOD_MS);
    this.store.onFull(() => this.#collect(0));
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await Promise.allSettled([...this.#placing, this.#collecting]);
  }

  /** Nothing is collected while `place` runs. */
  async withoutCollecting<T>(place: () => Promise<T>): Promise<T> {
    const placing = this.#collecting.then(place);
    this.#placing.add(placing);
    try {
      const placed = await placing;
      this.#isUploadRefused = false;
      return placed;
    } finally {
      this.#placing.delete(placing);
    }
  }

  /** An upload found no room: collects at once, whatever the grace period. */
  makeRoom(): void {
    this.#isUploadRefused = true;
    this.#collect(0);
  }

  /** An asset has let go of its blob: where room is short, that is what has been waited for. */
  letGo(): void {
    if (this.#isUploadRefused || this.store.trouble !== null) this.#collect(0);
  }

  #collect(graceMs: number): void {
    const isWaiting = this.#dueGraceMs !== null;
    this.#dueGraceMs = Math.min(graceMs, this.#dueGraceMs ?? graceMs);
    if (isWaiting) return;
    const before = [...this.#placing, this.#collecting];
    this.#collecting = Promise.allSettled(before).then(() => this.#round());
  }

  /** What fails is tried again in the next round: a blob that stays too long takes room and does no harm. */
  async #round(): Promise<void> {
    const graceMs = this.#dueGraceMs ?? GRACE_MS;
    this.#dueGraceMs = null;
    try {
      await this.blobs.sweep(this.now());
      if (graceMs === 0) await this.store.forgetDeletedFiles();
      const unnamed = await this.store.listUnnamedBlobs(graceMs);
      for (const sha256 of unnamed) await this.blobs.remove(sha256);
      await this.store.forgetBlobs(unnamed);
      if (unnamed.length > 0)
        this.log.info({ blobs: unnamed.length }, "removed blobs that no revision names");
    } catch (error) {
      this.log.warn({ err: error }, "could not remove blobs that no revision names; trying again later");
    }
  }
}
