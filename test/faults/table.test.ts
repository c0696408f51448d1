import { expect, test } from "bun:test";
import type { RowReport } from "../support/row.ts";
import { faultTable, verdict } from "./table.ts";

const held: RowReport = {
  id: "R1",
  promise: "a kill loses nothing",
  outcome: "held",
  did: { kills: 30 },
  seconds: 2,
  reason: null,
};
const broken: RowReport = {
  ...held,
  promise: "and announces it",
  outcome: "broken",
  reason: "a | b\nseed 7",
};
const notRun: RowReport = { ...held, id: "R13", outcome: "not run", did: {}, reason: "needs strace" };

test("a row says what was done, how often, and what held", () => {
  expect(faultTable([held, { ...held, did: { kills: 1_000, saves: 4 } }], ["R1"])).toContain(
    "| R1 | 1,030 kills, 4 saves | a kill loses nothing<br>a kill loses nothing | 4.0 |",
  );
});

test("a broken part breaks its row, and its reason stays in its cell", () => {
  expect(faultTable([held, broken], ["R1"])).toContain(
    "a kill loses nothing<br>**broken**: and announces it: a \\| b<br>seed 7",
  );
  expect(verdict([held, broken], ["R1"])).toBe("rows: 0 held, 1 broken, 0 not run");
});

test("what could not run, or said nothing, never counts as held", () => {
  expect(faultTable([notRun], ["R13"])).toContain("**not run**: a kill loses nothing: needs strace");
  expect(verdict([held, notRun], ["R1", "R13", "A1"])).toBe("rows: 1 held, 0 broken, 2 not run");
  expect(verdict([], [])).toBe("rows: 0 held, 0 broken, 44 not run");
});
