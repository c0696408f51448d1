import { expect, test } from "bun:test";
import type { Row } from "../../bench/measure.ts";
import { judge, outcomeOf } from "../../bench/report/outcome.ts";

const more = { better: "more", must: 0.8, aim: 1.3 } as const;
const less = { better: "less", must: 6, aim: 3 } as const;

test.each([
  [more, 0.79, "missed"],
  [more, 0.8, "must met"],
  [more, 1.29, "must met"],
  [more, 1.3, "aim met"],
  [less, 6.01, "missed"],
  [less, 6, "must met"],
  [less, 3.01, "must met"],
  [less, 3, "aim met"],
  [more, Number.NaN, "missed"],
  [less, Number.NaN, "missed"],
] as const)("of %p, %d is %s", (goal, value, verdict) => {
  expect(judge(goal, value)).toBe(verdict);
});

test("a row is judged by the median of the ratios, not by the ratio of the medians", () => {
  const row: Row = { what: "GET", against: "nginx", unit: "/s", goal: more };
  const rounds = [
    { ours: 10, peer: 10 },
    { ours: 30, peer: 20 },
    { ours: 20, peer: 40 },
  ];
  expect(outcomeOf(row, rounds)).toMatchObject({
    ours: { median: 20 },
    peer: { median: 20 },
    ratio: { median: 1, least: 0.5, most: 1.5 },
    verdict: "must met",
  });
});

test("without a peer, the figure itself is judged", () => {
  const row: Row = { what: "memory", against: "–", unit: "MB", goal: { better: "less", must: 100, aim: 70 } };
  const rounds = [{ ours: 65, peer: null }];
  expect(outcomeOf(row, rounds)).toMatchObject({ peer: null, ratio: { median: 65 }, verdict: "aim met" });
});
