import { describe, expect, test } from "bun:test";
import { assert, double, integer, property } from "fast-check";
import { retryDelayMs } from "../../src/announcements/retry-delay.ts";

const BACKOFF = { firstMs: 100, mostMs: 5_000 };

describe("the wait before a retry", () => {
  test.each([
    [1, 0, 50],
    [1, 0.5, 75],
    [1, 1, 100],
    [2, 1, 200],
    [3, 1, 400],
    [6, 1, 3_200],
    [7, 1, 5_000],
    [7, 0, 2_500],
    [8, 1, 5_000],
    [10_000, 1, 5_000],
    [10_000, 0, 2_500],
  ])("after %d failures, with %d at random, is %d ms", (failures, random, delayMs) => {
    expect(retryDelayMs(failures, random, BACKOFF)).toBe(delayMs);
  });

  test("is never under half of the first, never over the most, and grows with the failures", () => {
    const law = property(
      integer({ min: 1, max: 1_000_000 }),
      double({ min: 0, max: 1, noNaN: true }),
      (failures, random) => {
        const delayMs = retryDelayMs(failures, random, BACKOFF);
        expect(delayMs).toBeGreaterThanOrEqual(BACKOFF.firstMs / 2);
        expect(delayMs).toBeLessThanOrEqual(BACKOFF.mostMs);
        expect(retryDelayMs(failures + 1, random, BACKOFF)).toBeGreaterThanOrEqual(delayMs);
      },
    );
    assert(law);
  });
});
