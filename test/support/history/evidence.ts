/** Shows that a revision, and so each before it, had come to be by then, or that it had not yet. */
export interface Evidence {
  readonly revision: number;
  readonly at: number;
  /** In a sentence's words: "was answered". */
  readonly how: string;
}

/** What is known of when each of a file's revisions came to be. */
export class Evidences {
  readonly #existed: readonly Evidence[];
  readonly #notYet: readonly Evidence[];

  /** Of `existed` each revision was there by its time; of `notYet` none, nor one after it, was there before its time. */
  constructor(existed: readonly Evidence[], notYet: readonly Evidence[]) {
    this.#existed = strongest(
      existed.toSorted((a, b) => b.revision - a.revision || a.at - b.at),
      (a, b) => a < b,
    );
    this.#notYet = strongest(
      notYet.toSorted((a, b) => a.revision - b.revision || b.at - a.at),
      (a, b) => a > b,
    );
  }

  /** The first that shows this revision, or a later one, to be there. */
  existed(revision: number): Evidence | null {
    return lastThat(this.#existed, (each) => each.revision >= revision);
  }

  /** The last that shows this revision, or an earlier one, not to be there yet. */
  notYet(revision: number): Evidence | null {
    return lastThat(this.#notYet, (each) => each.revision <= revision);
  }

  /** Whether the revision may have come to be between these times. */
  mayBegin(revision: number, from: number, to: number): boolean {
    const earliest = Math.max(from, this.notYet(revision)?.at ?? from);
    return earliest <= Math.min(to, this.existed(revision)?.at ?? to);
  }
}

/** Leaves out what one before it shows already. */
function strongest(sorted: readonly Evidence[], isStronger: (a: number, b: number) => boolean): Evidence[] {
  const kept: Evidence[] = [];
  for (const each of sorted) {
    const last = kept.at(-1);
    if (last === undefined || isStronger(each.at, last.at)) kept.push(each);
  }
  return kept;
}

/** Those that hold stand before those that do not. */
function lastThat(sorted: readonly Evidence[], holds: (each: Evidence) => boolean): Evidence | null {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const each = sorted[middle];
    if (each !== undefined && holds(each)) low = middle + 1;
    else high = middle;
  }
  return sorted[low - 1] ?? null;
}
