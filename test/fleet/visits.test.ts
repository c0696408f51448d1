import { describe, expect, test } from "bun:test";
import { type Comings, cameAt, patienceMs } from "../../src/fleet/visits.ts";

const [SECOND_MS, MINUTE_MS, HOUR_MS] = [1_000, 60_000, 3_600_000];

describe("a device is missed", () => {
  test("after ten minutes at the least, however often it comes", () => {
    for (const everyMs of [SECOND_MS, 30 * SECOND_MS, 61 * SECOND_MS, 3 * MINUTE_MS]) {
      expect(patienceWith(every(everyMs, 4 * MINUTE_MS))).toBe(10 * MINUTE_MS);
    }
  });

  test("after a day where it was here once, for as long as some requests take", () => {
    expect(patienceWith([0])).toBe(25 * HOUR_MS);
    expect(patienceWith([0, 2, 40].map((at) => at * SECOND_MS))).toBe(25 * HOUR_MS);
  });

  test("after three times its longest absence, which short ones between do not hide", () => {
    expect(patienceWith([0, 10 * SECOND_MS, HOUR_MS])).toBeCloseTo(3 * HOUR_MS, -5);
    expect(patienceWith([0, HOUR_MS, HOUR_MS + 5 * SECOND_MS])).toBeGreaterThan(2.9 * HOUR_MS);
  });

  test("by the clock as it is, also where it was ahead once", () => {
    const came = [0, 2 * HOUR_MS, 5 * MINUTE_MS, 10 * MINUTE_MS].reduce<Comings | null>(cameAt, null);
    expect(came).toEqual({ lastSeenAt: 10 * MINUTE_MS, longestAbsenceMs: 2 * HOUR_MS * 0.9 });
  });

  test("sooner again when a long absence is long ago, also by who comes all the time", () => {
    const back = 30 * 24 * HOUR_MS;
    const often = every(20 * SECOND_MS, 3 * HOUR_MS).map((at) => back + at);
    expect(patienceWith([0, ...often])).toBe(10 * MINUTE_MS);
  });
});

function every(ms: number, forMs: number): readonly number[] {
  return Array.from({ length: forMs / ms + 1 }, (_, visit) => visit * ms);
}

function patienceWith(visits: readonly number[]): number {
  const comings = visits.reduce<Comings | null>(cameAt, null);
  return patienceMs(comings?.longestAbsenceMs ?? null);
}
