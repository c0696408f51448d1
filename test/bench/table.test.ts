import { expect, test } from "bun:test";
import type { Row } from "../../bench/measure.ts";
import { type Outcome, outcomeOf } from "../../bench/report/outcome.ts";
import { tableOf } from "../../bench/report/table.ts";

const get: Row = {
  what: "GET",
  against: "nginx",
  unit: "/s",
  goal: { better: "more", must: 0.8, aim: 0.95 },
};
const memory: Row = {
  what: "idle",
  against: "–",
  unit: "MB",
  goal: { better: "less", must: 100, aim: 70 },
};

test("a table shows each row with its figures, its goals and where it stands", () => {
  const outcomes: Outcome[] = [
    outcomeOf(get, [
      { ours: 45_678, peer: 50_000 },
      { ours: 60_000, peer: 50_000 },
      { ours: 40_000, peer: 50_000 },
    ]),
    outcomeOf(memory, [{ ours: 123.4, peer: null }]),
    { kind: "not run", row: get, reason: "apt-get install nginx" },
    { kind: "failed", row: get, reason: "of 10 answers 1 were 4xx or 5xx" },
  ];
  expect(cells(tableOf(outcomes)).slice(2)).toEqual([
    ["GET", "nginx", "45,678/s", "50,000/s", "0.91 (0.80–1.20)", "≥ 0.8", "≥ 0.95", "must met"],
    ["idle", "–", "123 MB", "–", "123 (123–123)", "≤ 100 MB", "≤ 70 MB", "missed"],
    ["GET", "nginx", "", "", "", "≥ 0.8", "≥ 0.95", "not run: apt-get install nginx"],
    ["GET", "nginx", "", "", "", "≥ 0.8", "≥ 0.95", "failed: of 10 answers 1 were 4xx or 5xx"],
  ]);
});

test("a ratio that is small shows two digits all the same", () => {
  const [, , [, , , , shown = ""] = []] = cells(
    tableOf([outcomeOf(get, [{ ours: 1_000, peer: 1_000_000 }])]),
  );
  expect(shown).toBe("0.0010 (0.0010–0.0010)");
});

test("its columns are aligned", () => {
  const lines = tableOf([outcomeOf(get, [{ ours: 1, peer: 3 }])]).split("\n");
  expect(new Set(lines.map((line) => line.length)).size).toBe(1);
});

function cells(table: string): string[][] {
  const lines = table.split("\n").map((line) => line.split("|").slice(1, -1));
  return lines.map((line) => line.map((cell) => cell.trim()));
}
