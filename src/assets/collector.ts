import type { Blobs } from "../blobs/index.ts";
import type { Log } from "../ops/index.ts";
import type { Store } from "../store/index.ts";

const GRACE_MS = 60 * 60_000;
const PERIOD_MS = 10 * 60_000;

/**
 * Removes blobs that no asset names any more, an hour after the last did. It goes by the store's own list,
 * never by a look at the disk, and not while an upload places a blob.
 */
export class Collector {
  #timer: NodeJS.Timeout | null = null;
  /** The last of those who take turns: placing a blob, and collecting. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: Store,
    private readonly blobs: Blobs,
    private readonly log: Log,
  ) {}

  start(): void {
    this.#collect(GRACE_MS);
    this.#timer = setInterval(() => this.#collect(GRACE_MS), PERIOD_MS);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#turn;
  }

  /** Nothing is collected while `place` runs. */
  withoutCollecting<T>(place: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(place);
    this.#turn = turn.catch(() => {}); // Told to who placed, and no concern of the next.
    return turn;
  }

  /** Collects at once, whatever the grace period: room is short. */
  makeRoom(): void {
    this.#collect(0);
  }

  #collect(graceMs: number): void {
    this.#turn = this.#turn.then(() => this.#round(graceMs));
  }

  /** What fails is tried again in the next round: a blob that stays too long takes room and does no harm. */
  async #round(graceMs: number): Promise<void> {
    try {
      const unnamed = await this.store.listUnnamedBlobs(graceMs);
      for (const sha256 of unnamed) await this.blobs.remove(sha256);
      await this.store.forgetBlobs(unnamed);
      if (unnamed.length > 0) this.log.info({ blobs: unnamed.length }, "removed blobs that no asset names");
    } catch (error) {
      this.log.warn({ err: error }, "could not remove blobs that no asset names; trying again later");
    }
  }
}
