import type { Log } from "../ops/index.ts";
import type { Announcement, Store } from "../store/index.ts";

/**
 * Announcements that the broker has acknowledged, on their way out of the outbox. Nobody waits for that: until it is
 * done, they are known here, and not published again.
 */
export class Acknowledged {
  readonly #leaving = new Map<string, Announcement>();
  #settling: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: Store,
    private readonly log: Log,
  ) {}

  get count(): number {
    return this.#leaving.size;
  }

  has(announcement: Announcement): boolean {
    return this.#leaving.has(keyOf(announcement));
  }

  add(announcements: readonly Announcement[]): void {
    for (const each of announcements) this.#leaving.set(keyOf(each), each);
  }

  /** Resolves when all that are here now are out of the outbox, or could not be taken out: a later call tries again. */
  settle(): Promise<void> {
    this.#settling = this.#settling.then(() => this.#takeOut()); // One that is under way may not have the last of them.
    return this.#settling;
  }

  async #takeOut(): Promise<void> {
    const leaving = [...this.#leaving];
    try {
      await this.store.settleAnnouncements(leaving.map(([, announcement]) => announcement));
      for (const [key] of leaving) this.#leaving.delete(key);
    } catch (error) {
      this.log.warn({ err: error }, "the outbox could not be written; trying again");
    }
  }
}

/** With the revision: a later one is another announcement. */
export function keyOf({ kind, name, device, revision }: Announcement): string {
  return `${device ?? ""}/${kind}/${revision}/${name}`;
}
