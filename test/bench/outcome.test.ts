import { expect, test } from "bun:test";
import type { Goal, Row } from "../../bench/measure.ts";
import { judge, outcomeOf } from "../../bench/report/outcome.ts";

const more: Goal = { better: "more", must: 0.8, aim: 1.3 };
const less: Goal = { better: "less", must: 6, aim: 3 };

test.each([
  [0.79, "missed"],
  [0.8, "must met"],
  [1.29, "must met"],
  [1.3, "aim met"],
  [Number.NaN, "missed"],
] as const)("where 0.8 is a must, 1.3 the aim and more is better, %d is %s", (value, verdict) => {
  expect(judge(more, value)).toBe(verdict);
});

test.each([
  [6.01, "missed"],
  [6, "must met"],
  [3.01, "must met"],
  [3, "aim met"],
  [Number.NaN, "missed"],
] as const)("where 6 is a must, 3 the aim and less is better, %d is %s", (value, verdict) => {
  expect(judge(less, value)).toBe(verdict);
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
