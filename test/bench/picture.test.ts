import { expect, test } from "bun:test";
import type { Row } from "../../bench/measure.ts";
import { outcomeOf } from "../../bench/report/outcome.ts";
import { pictureOf } from "../../bench/report/picture.ts";

const row = (what: string, better: "more" | "less"): Row => {
  return { what, against: `peer of ${what}`, unit: "ms", goal: { better, must: 2, aim: 4 } };
};

test("the picture names each row that has a peer, and no other", () => {
  const svg = pictureOf([
    outcomeOf(row("GET", "more"), [{ ours: 3, peer: 1 }]),
    outcomeOf(row("memory", "less"), [{ ours: 3, peer: null }]),
    { kind: "not run", row: row("saves", "more"), reason: "apt-get install wrk" },
  ]);
  expect(svg).toStartWith("<svg");
  expect(svg).toContain(">GET<");
  expect(svg).toContain(">peer of GET<");
  expect(svg).not.toContain("memory");
  expect(svg).not.toContain("saves");
});

/** The x of each: a circle of 11 in the middle of the plot. */
const OUR_DOT = /matrix\(5\.5,0,0,5\.5,([\d.]+),[\d.]+\)" fill="#0969da"/g;

test("what is better stands further right, also where less is better", () => {
  const svg = pictureOf([
    outcomeOf(row("a", "more"), [{ ours: 3, peer: 1 }]),
    outcomeOf(row("b", "less"), [{ ours: 1, peer: 3 }]),
    outcomeOf(row("c", "less"), [{ ours: 3, peer: 1 }]),
  ]);
  const [a, b, c] = [...svg.matchAll(OUR_DOT)].map(([, x]) => Number(x));
  expect(b).toBeCloseTo(Number(a), 3);
  expect(c).toBeLessThan(Number(b));
});

test("it follows the theme of the page", () => {
  expect(pictureOf([])).toContain("prefers-color-scheme: dark");
});
