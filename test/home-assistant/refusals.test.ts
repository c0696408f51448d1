import { describe, expect, test } from "bun:test";
import { Refusals } from "../../src/home-assistant/refusals.ts";

describe("what the broker refuses", () => {
  test("is told once for each line of its access control, until it takes something of that line again", () => {
    const refusals = new Refusals();
    expect(refusals.isNews("a/#", "refused")).toBe(true);
    expect(refusals.isNews("b/#", "acknowledged")).toBe(false);
    expect(refusals.isNews("a/#", "refused")).toBe(false);
    expect(refusals.areOver(0)).toBe(false);
    expect(refusals.isNews("b/#", "refused")).toBe(true);
    refusals.isNews("a/#", "acknowledged");
    expect(refusals.areOver(0)).toBe(true);
    expect(refusals.isNews("a/#", "refused")).toBe(true);
    expect(refusals.isNews("b/#", "refused")).toBe(false);
  });

  test("is tried again once a minute where some of it is taken, also by a clock that was put back", () => {
    const refusals = new Refusals();
    const triedAt = [0, 59_999, 60_000, 119_999, 120_000, 60_001, 60_000].filter((nowMs) => {
      refusals.isNews("a/#", "refused");
      refusals.isNews("a/#", "acknowledged");
      return refusals.areOver(nowMs);
    });
    expect(triedAt).toEqual([0, 60_000, 120_000, 60_000]);
  });
});
