import type { Announcement, Change, FileKey, Store } from "../store/index.ts";
import type { Acknowledged } from "./acknowledged.ts";

/** More changes than this, not published yet, are read from the outbox again: what is held in memory has its limit. */
const MOST_HEARD_OF = 128;
/** What rests in the outbox comes due by itself, however much else there is to publish. */
const READ_EVERY_MS = 900;

/**
 * What is to be published next. The outbox has it all. But while nothing else can wait there, a change that was just
 * committed is taken as the store tells of it, without a look into the database.
 */
export class Due {
  readonly #heardOf = new Map<string, Announcement>();
  /** Whether the outbox may hold something due that was not heard of. */
  #mayHoldMore = true;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly store: Pick<Store, "claimAnnouncements">,
    private readonly acknowledged: Acknowledged,
  ) {}

  /** Says that the outbox may hold something else. */
  lookAgain(): void {
    this.#mayHoldMore = true;
  }

  /** Hears of a committed change. */
  hear({ version, ...file }: Change): void {
    if (version === null) {
      this.#heardOf.delete(placeOf(file));
      return;
    }
    if (this.#heardOf.size >= MOST_HEARD_OF) this.lookAgain();
    if (this.#mayHoldMore) return;
    const { kind, name, revision, changedAt: committedAt } = version;
    const announcement = { kind, name, revision, committedAt, device: null, toldTo: null, attempts: 0 };
    this.#heardOf.set(placeOf(version), announcement);
  }

  /**
   * At most `most`, oldest first. They stay in the outbox until they are settled; those on their way out are none of
   * them.
   */
  async next(most: number): Promise<readonly Announcement[]> {
    if (this.#mayHoldMore || performance.now() - this.#readAtMs > READ_EVERY_MS) return this.#read(most);
    const next = [...this.#heardOf].slice(0, most);
    for (const [place] of next) this.#heardOf.delete(place);
    return next.map(([, announcement]) => announcement);
  }

  async #read(most: number): Promise<readonly Announcement[]> {
    this.#heardOf.clear(); // The outbox has them.
    this.#mayHoldMore = false;
    this.#readAtMs = performance.now();
    const limit = most + this.acknowledged.count;
    const found = await this.store.claimAnnouncements(limit);
    for (const each of found) {
      if (this.#heardOf.get(placeOf(each))?.revision === each.revision) this.#heardOf.delete(placeOf(each));
    }
    if (found.length === limit) this.#mayHoldMore = true;
    return found.filter((each) => !this.acknowledged.has(each)).slice(0, most);
  }
}

function placeOf({ kind, name }: FileKey): string {
  return `${kind}/${name}`;
}
