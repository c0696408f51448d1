import type { Change, FileEvent } from "./events.ts";
import { type Evidence, Evidences } from "./evidence.ts";
import { isFound, type Makers } from "./makers.ts";

/** A time in which a file stayed as it was: from one revision that is known to the next. */
export interface Epoch {
  readonly revision: number;
  /** The next that is known; infinite for the last. */
  readonly next: number;
  /** "open" where only changes that nobody saw can tell. */
  readonly state: State | "open";
}

type State = "live" | "absent";

/** One file's revisions: which changes made them, when they can have come to be, and how the file was after each. */
export class Timeline {
  readonly evidences: Evidences;
  /** In order, from before the first revision on. */
  readonly epochs: readonly Epoch[];
  readonly newest: number;
  readonly #found: ReadonlySet<number>;
  readonly #announced: ReadonlySet<number>;

  /** `endOf` tells by when a change that was not answered had happened, if ever. */
  constructor(
    events: readonly FileEvent[],
    readonly makers: Makers,
    readonly endOf: (change: Change) => number,
    further: { readonly existed: readonly Evidence[]; readonly notYet: readonly Evidence[] },
  ) {
    const reads = events.filter(isFound);
    const announced = events.filter((each) => each.kind === "announced");
    this.#found = new Set(reads.map(({ answer }) => answer.revision));
    this.#announced = new Set(announced.map(({ revision }) => revision));
    const made = [...makers.made];
    this.evidences = new Evidences(
      [
        ...made.map(([revision, change]) => shownBy(revision, change, endOf)),
        ...reads.map(({ answer: { revision, at } }) => ({ revision, at, how: "was read" })),
        ...announced.map(({ revision, at }) => ({ revision, at, how: "was announced" })),
        ...further.existed,
      ],
      [
        ...made.map(([revision, { sentAt }]) => ({ revision, at: sentAt, how: "was sent" })),
        ...reads.map((read) => ({
          revision: read.answer.revision + 1,
          at: read.sentAt,
          how: "was not read",
        })),
        ...further.notYet,
      ],
    );
    const seen = [...new Set([...makers.made.keys(), ...this.#found, ...this.#announced])].toSorted(
      (a, b) => a - b,
    );
    this.newest = seen.at(-1) ?? 0;
    this.epochs = this.#epochsBetween(seen);
  }

  /** The first `most` revisions that someone must have made, and of whom nothing is known. */
  gaps(most: number): readonly number[] {
    const gaps: number[] = [];
    for (let revision = 1; revision <= this.newest && gaps.length < most; revision++) {
      if (!this.makers.made.has(revision) && !this.#found.has(revision)) gaps.push(revision);
    }
    return gaps;
  }

  /** How the file was after a revision; null where that is not known. */
  stateAfter(revision: number): State | null {
    if (revision === 0) return "absent";
    const change = this.makers.made.get(revision);
    if (change !== undefined) return change.kind === "save" ? "live" : "absent";
    return this.#found.has(revision) || this.#announced.has(revision) ? "live" : null;
  }

  /** Whether a change that nobody saw can have made this revision. */
  mayHaveMade(change: Change, revision: number): boolean {
    if (change.kind === "delete" && this.#announced.has(revision)) return false;
    return (
      this.evidences.mayBegin(revision, change.sentAt, this.endOf(change)) &&
      this.conditionMayHold(change, revision)
    );
  }

  /** Whether the file before this revision may have been as the change that makes it asks. */
  conditionMayHold({ kind, condition }: Change, revision: number): boolean {
    const before = this.stateAfter(revision - 1);
    if (kind === "delete" && before === "absent") return false;
    if (condition === "absent") return before !== "live";
    if (condition === "present") return before !== "absent";
    return condition === "none" || condition.revision === revision - 1;
  }

  #epochsBetween(seen: readonly number[]): Epoch[] {
    const epochs: Epoch[] = [];
    const revisions = [0, ...seen];
    for (const [index, revision] of revisions.entries()) {
      const next = revisions[index + 1] ?? Number.POSITIVE_INFINITY;
      const follows = revision + 1;
      epochs.push({ revision, next: Math.min(next, follows), state: this.stateAfter(revision) ?? "open" });
      if (follows < next && this.makers.unseen.length > 0)
        epochs.push({ revision: follows, next, state: "open" });
    }
    return epochs;
  }
}

function shownBy(revision: number, change: Change, endOf: (change: Change) => number): Evidence {
  const { answer } = change;
  if (answer.kind === "done") return { revision, at: answer.at, how: "was answered" };
  return { revision, at: endOf(change), how: "had happened, since the service ended" };
}
