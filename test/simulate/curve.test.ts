import { expect, test } from "bun:test";
import { comparisonOf } from "../../simulate/comparison.ts";
import { curveOf } from "../../simulate/curve.ts";

test("a curve has a bar for each half second in which something changed, and ends with the last look", () => {
  const samples = [
    { atMs: 0, byDevices: 0, byService: 0 },
    { atMs: 510, byDevices: 2, byService: 1 },
    { atMs: 600, byDevices: 2, byService: null },
    { atMs: 1_020, byDevices: 4, byService: 3 },
    { atMs: 1_600, byDevices: 4, byService: 3 },
    { atMs: 2_100, byDevices: 4, byService: 3 },
  ];
  expect(curveOf(samples, 4).split("\n").slice(1)).toEqual([
    `     0.0  ${"·".repeat(40)}    0.0 %    0.0 %`,
    `     0.5  ${"█".repeat(20)}${"·".repeat(20)}   50.0 %   25.0 %`,
    `     1.0  ${"█".repeat(40)}  100.0 %   75.0 %`,
    `     2.1  ${"█".repeat(40)}  100.0 %   75.0 %`,
  ]);
});

test("a long one still fits on a screen", () => {
  const samples = Array.from({ length: 3_600 }, (_, at) => ({
    atMs: at * 1_000,
    byDevices: 1,
    byService: 1,
  }));
  expect(curveOf(samples, 4).split("\n").length).toBeLessThanOrEqual(27);
});

test("a comparison counts both sides' words, and names who is told of otherwise", () => {
  const byDevices = new Map([
    ["a", "running"],
    ["b", "fetched"],
    ["c", "behind"],
  ] as const);
  const byService = new Map([
    ["a", "running"],
    ["b", "interrupted"],
  ] as const);
  expect(comparisonOf(byDevices, byService).split("\n")).toEqual([
    "                devices say   service says",
    "  behind                  1              1",
    "  fetched                 1              0",
    "  interrupted             0              1",
    "  running                 1              1",
    "  b says fetched, the service says interrupted",
  ]);
});
