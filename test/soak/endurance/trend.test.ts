import { expect, test } from "bun:test";
import { Random } from "../../../simulate/random.ts";
import { type Sample, trendOf } from "./trend.ts";

const HOUR = Array.from({ length: 120 }, (_, at) => at / 120);

function noisy(perHour: number, seed: number): Sample[] {
  const random = new Random(seed);
  return HOUR.map((hours) => ({ hours, value: 100 + perHour * hours + random.next() * 4 }));
}

test("a straight line's trend is its slope, for certain", () => {
  expect(trendOf(HOUR.map((hours) => ({ hours, value: 3 * hours })))).toMatchObject({
    perHour: expect.closeTo(3, 6),
    atLeast: expect.closeTo(3, 6),
  });
});

test("noise alone has no trend that is certain", () => {
  for (let seed = 0; seed < 20; seed++) expect(trendOf(noisy(0, seed)).atLeast).toBeLessThan(0.5);
});

test("a growth of 5 MB an hour in noise of 4 MB is seen", () => {
  for (let seed = 0; seed < 20; seed++) expect(trendOf(noisy(5, seed)).atLeast).toBeGreaterThan(1);
});

test("of two samples nothing is certain", () => {
  expect(
    trendOf([
      { hours: 0, value: 1 },
      { hours: 1, value: 9 },
    ]),
  ).toEqual({ perHour: 8, atLeast: Number.NEGATIVE_INFINITY });
});

test("a few samples that lie far off do not move it", () => {
  const samples = HOUR.map((hours, at) => ({ hours, value: at % 20 === 0 ? 500 : 100 }));
  expect(trendOf(samples)).toMatchObject({ perHour: 0, atLeast: expect.closeTo(0, 6) });
});
