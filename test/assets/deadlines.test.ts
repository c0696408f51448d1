import { afterEach, beforeEach, describe, expect, jest, test } from "bun:test";
import { Deadlines } from "../../src/assets/deadlines.ts";

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe("an upload's deadlines", () => {
  test("pass where no byte has come for the stall time, saying so", async () => {
    using deadlines = new Deadlines(30, 3_600);
    jest.advanceTimersByTime(30_000);
    await expect(deadlines.passed).rejects.toMatchObject({
      code: "REQUEST_TIMEOUT",
      message: expect.stringContaining("30 s"),
    });
  });

  test("do not pass while bytes come, however slowly, until the time in all is over", async () => {
    using deadlines = new Deadlines(30, 3_600);
    const ended = track(deadlines.passed);
    for (let second = 0; second < 3_596; second += 29) {
      jest.advanceTimersByTime(29_000);
      deadlines.moved();
    }
    await Promise.resolve();
    expect(ended.isSettled).toBe(false);
    jest.advanceTimersByTime(4_000);
    await expect(deadlines.passed).rejects.toMatchObject({
      code: "REQUEST_TIMEOUT",
      message: expect.stringContaining("3600 s"),
    });
  });

  test("never pass once the upload is over", async () => {
    const deadlines = new Deadlines(30, 60);
    const ended = track(deadlines.passed);
    deadlines[Symbol.dispose]();
    jest.advanceTimersByTime(1_000_000);
    await Promise.resolve();
    expect(ended.isSettled).toBe(false);
  });
});

function track(promise: Promise<never>): { readonly isSettled: boolean } {
  const state = { isSettled: false };
  promise.catch(() => {
    state.isSettled = true;
  });
  return state;
}
