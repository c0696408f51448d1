import { type CheckOptions, problemsIn } from "./check.ts";
import type { History, HistoryEvent } from "./events.ts";
import type { Problem } from "./problem.ts";

/**
 * The part of a refused history that is still refused for the same reason, and of which no event can be left out. What
 * is left out may leave gaps in the numbers, but makes nothing else unfit.
 */
export function shortestOf(history: History, problem: Problem, options: CheckOptions): History {
  const ofFile = history.filter((each) => !("file" in each) || each.file === problem.file);
  const before = problemsIn(ofFile, options);
  return leaveOut(ofFile, (part) => {
    const after = problemsIn(part, options);
    return (
      after.some(({ text }) => text === problem.text) &&
      after.every((each) => before.some((known) => isSame(known, each)) || isGapAside(each, problem))
    );
  });
}

function isSame(one: Problem, other: Problem): boolean {
  return one.rule === other.rule && one.revision === other.revision;
}

/** A gap that the leaving out made, not beside one that is itself what is to be shown. */
function isGapAside(gap: Problem, shown: Problem): boolean {
  return gap.rule === "gap" && (shown.rule !== "gap" || Math.abs(gap.revision - shown.revision) > 1);
}

/** Leaves out ever smaller runs of events while what is left holds, down to single ones (Zeller's ddmin). */
function leaveOut(history: History, holds: (part: History) => boolean): History {
  let kept: readonly HistoryEvent[] = history;
  for (let length = kept.length >> 1; length >= 1; ) {
    const before = kept.length;
    for (let at = 0; at < kept.length; ) {
      const part = kept.toSpliced(at, length);
      if (holds(part)) kept = part;
      else at += length;
    }
    // Single ones until none can go any more: one may hold only once a later one is gone.
    if (length > 1) length >>= 1;
    else if (kept.length === before) break;
  }
  return kept;
}
