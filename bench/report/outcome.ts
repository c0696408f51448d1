import type { Figure, Goal, Row } from "../measure.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** Where a median stands. */
type Verdict = "aim met" | "must met" | "missed";

export type Measured = {
  readonly kind: "measured";
  readonly row: Row;
  readonly ours: Spread;
  readonly peer: Spread | null;
  /** Of each round's own ratio; of ours, where there is no peer. */
  readonly ratio: Spread;
  readonly verdict: Verdict;
};

/** What became of a row. One that did not run has not passed. */
export type Outcome =
  | Measured
  | { readonly kind: "not run"; readonly row: Row; readonly reason: string }
  | { readonly kind: "failed"; readonly row: Row; readonly reason: string };

/** Judges the rounds of a row by the median. */
export function outcomeOf(row: Row, rounds: readonly Figure[]): Measured {
  const ratio = spreadOf(rounds.map(({ ours, peer }) => (peer === null ? ours : ours / peer)));
  const peers = rounds.flatMap(({ peer }) => (peer === null ? [] : [peer]));
  return {
    kind: "measured",
    row,
    ours: spreadOf(rounds.map(({ ours }) => ours)),
    peer: peers.length === 0 ? null : spreadOf(peers),
    ratio,
    verdict: judge(row.goal, ratio.median),
  };
}

export function judge({ better, must, aim }: Goal, value: number): Verdict {
  const reaches = (goal: number) => (better === "more" ? value >= goal : value <= goal);
  return reaches(aim) ? "aim met" : reaches(must) ? "must met" : "missed";
}
