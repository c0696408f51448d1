import type { Store } from "../store/index.ts";
import type { Ask } from "./ask.ts";
import type { Offer } from "./offer.ts";
import { parseRange } from "./range.ts";
import { Recent } from "./recent.ts";

/**
 * What an asset is answered from: its newest revision, all of that, or the one that was begun, which may be the newest too;
 * unknown: it must be begun anew.
 */
export type Footing = "newest" | "whole" | "unknown" | { readonly begun: number };

export interface ResumptionRules {
  /** How long after its replacement somebody may still be in the midst of a revision; 0: nobody is thought of. */
  readonly windowMs: number;
  /** The MAC address that a request gives of itself; null where it gives none. */
  readonly macIn: (request: Request) => string | null;
  readonly now: () => Date;
}

/** So many are remembered of each kind. Who is forgotten starts over when the file is replaced. */
const MOST_REMEMBERED = 50_000;

/**
 * Keeps a download on the revision that it began: `esp_https_ota`, `curl -C -` and `wget -c` go on with `Range: bytes=N-`
 * and no `If-Range`, and would join the bytes of two revisions.
 *
 * A MAC is one device's: what it was given last is what it goes on with. An address may be many devices', and this memory
 * ends with its process, so that an address counts only where we can tell that nobody there is in the midst of another
 * revision. Times are of the monotonic clock, but for the files' own.
 */
export class Resumption {
  readonly #devices = new Recent<Begun>(MOST_REMEMBERED);
  readonly #addresses = new Recent<Begun>(MOST_REMEMBERED, () => {
    this.#forgotAtMs = performance.now();
  });
  readonly #changes = new Recent<Changes>(MOST_REMEMBERED);
  /** Addresses that were told to begin anew. */
  readonly #refused = new Recent<true>(MOST_REMEMBERED);
  /** What addresses had begun before, may be forgotten. */
  #forgotAtMs = performance.now();

  constructor(
    store: Store,
    private readonly rules: ResumptionRules,
  ) {
    store.onChange(({ kind, name, revision }) => {
      if (kind !== "assets") return;
      const at = performance.now();
      const bornAtMs = revision === 1 ? at : (this.#changes.get(name)?.bornAtMs ?? null);
      this.#changes.set(name, { bornAtMs, changedAtMs: at }, 1);
    });
  }

  /** `newest` is what is given to who begins. */
  footing(ask: Ask, newest: Offer): Footing {
    const start = startAskedFor(ask.request);
    if (start === null || !this.#wasReplacedLately(newest)) return "newest";
    const asker = this.#askerOf(ask, newest);
    if (start === 0) return asker !== null && this.#wouldBeginInVain(asker, newest) ? "whole" : "newest";
    const begun = asker === null ? undefined : this.#begunBy(asker);
    if (begun === undefined || (asker?.isAddress === true && !this.#isCertain(begun))) return "unknown";
    return { begun: begun.revision };
  }

  /** Notes whose bytes somebody was given, all of them or a part. */
  given(ask: Ask, offered: Offer, isWhole: boolean): void {
    const asker = this.#askerOf(ask, offered);
    if (asker === null) return;
    const known = asker.isAddress ? this.#addresses : this.#devices;
    known.set(asker.key, this.#after(this.#begunBy(asker), offered), 1);
    if (isWhole && asker.isAddress) this.#refused.delete(asker.key);
  }

  /** Notes that somebody was told to begin anew. */
  refused(ask: Ask, newest: Offer): void {
    const asker = this.#askerOf(ask, newest);
    if (asker?.isAddress === true) this.#refused.set(asker.key, true, 1);
  }

  /** Whether who was refused a part before would be refused the second one again: part by part, it would never come to an end. */
  #wouldBeginInVain(asker: Asker, newest: Offer): boolean {
    const wasRefused = asker.isAddress && this.#refused.get(asker.key) !== undefined;
    return wasRefused && !this.#isCertain(this.#after(this.#begunBy(asker), newest));
  }

  #after(before: Begun | undefined, offered: Offer): Begun {
    const { revision } = offered;
    const isSame = before === undefined || before.revision === revision;
    return {
      revision,
      othersAtMs: isSame ? (before?.othersAtMs ?? null) : performance.now(),
      isFirst: (before?.isFirst === true && isSame) || this.#isFirst(offered),
    };
  }

  /** Whether nobody at an address can be in the midst of another revision than this. */
  #isCertain({ isFirst, othersAtMs }: Begun): boolean {
    return isFirst && (othersAtMs === null || !this.#isWithinWindow(othersAtMs));
  }

  /** Whether nobody can be in the midst of an earlier one, of those whom we have forgotten. */
  #isFirst(offered: Offer): boolean {
    const bornAtMs = this.#changes.get(offered.name)?.bornAtMs ?? null;
    return !this.#wasReplacedLately(offered) || (bornAtMs !== null && this.#forgotAtMs <= bornAtMs);
  }

  /** Whether it took another's place. What we have seen ourselves gets no older by a clock that jumps. */
  #wasReplacedLately({ name, revision, changedAt }: Offer): boolean {
    if (revision === 1) return false;
    const changedAtMs = this.#changes.get(name)?.changedAtMs;
    if (changedAtMs !== undefined && this.#isWithinWindow(changedAtMs)) return true;
    return this.rules.now().getTime() - changedAt.getTime() < this.rules.windowMs;
  }

  #isWithinWindow(atMs: number): boolean {
    return performance.now() - atMs < this.rules.windowMs;
  }

  #begunBy({ isAddress, key }: Asker): Begun | undefined {
    return (isAddress ? this.#addresses : this.#devices).get(key);
  }

  #askerOf({ request, listener }: Ask, { name }: Offer): Asker | null {
    const mac = this.rules.macIn(request);
    if (mac !== null) return { isAddress: false, key: `${mac} ${name}` };
    const address = listener?.requestIP(request)?.address;
    return address === undefined ? null : { isAddress: true, key: `${address} ${name}` };
  }
}

interface Asker {
  readonly isAddress: boolean;
  readonly key: string;
}

/** What somebody was given last of a file. */
interface Begun {
  readonly revision: number;
  /** Until when it was another revision; null: as far as we know, it never was. */
  readonly othersAtMs: number | null;
  /** Whether nobody whom we have forgotten can be in the midst of an earlier one. */
  readonly isFirst: boolean;
}

/** What we have seen of a file: `bornAtMs` is null where that was not its first revision. */
interface Changes {
  readonly bornAtMs: number | null;
  readonly changedAtMs: number;
}

/** What is offered on a footing, as far as it is the newest revision; null where it is another, or none. */
export function newestOn(footing: Footing, newest: Offer): Offer | null {
  if (footing === "newest") return newest;
  if (footing === "unknown") return null;
  if (footing === "whole") return { ...newest, wholeOnly: true, personal: true };
  return footing.begun === newest.revision ? { ...newest, personal: true } : null;
}

/** The first byte of the one part that is asked for, however large the file is; null where none is, or of a known version only. */
function startAskedFor({ method, headers }: Request): number | null {
  const header = headers.get("Range");
  if (header === null || method !== "GET" || headers.has("If-Range")) return null;
  const range = parseRange(header, Number.POSITIVE_INFINITY);
  return range.kind === "part" ? range.start : null;
}
