import { describe, expect, test } from "bun:test";
import { Rest } from "../../src/announcements/rest.ts";
import { within } from "../support/deadline.ts";

const LONG_MS = 60_000;

describe("a rest", () => {
  test("that nobody cuts ends by itself", async () => {
    await within(1_000, "its own end", new Rest().atMost(1));
  });

  test("ends when it is cut", async () => {
    const rest = new Rest();
    const resting = rest.atMost(LONG_MS);
    rest.cut();
    await within(1_000, "the end of a rest that was cut", resting);
  });

  test("does not begin where the cut came before it", async () => {
    const rest = new Rest();
    rest.cut();
    await within(1_000, "a rest that was cut before", rest.atMost(LONG_MS));
  });

  test("is cut once by many cuts: the next one is whole", async () => {
    const rest = new Rest();
    rest.cut();
    rest.cut();
    await rest.atMost(LONG_MS);
    const second = rest.atMost(LONG_MS);
    rest.cut();
    rest.cut();
    await within(1_000, "the end of the second rest", second);
    expect(await isResting(rest)).toBe(true);
  });

  test("is not cut by a cut that an earlier one has used up", async () => {
    const rest = new Rest();
    await rest.atMost(1);
    expect(await isResting(rest)).toBe(true);
  });
});

/** Begins a rest, and ends it after having looked. */
async function isResting(rest: Rest): Promise<boolean> {
  const resting = rest.atMost(LONG_MS);
  const first = await Promise.race([resting.then(() => "ended"), Bun.sleep(5).then(() => "resting")]);
  rest.cut();
  await resting;
  return first === "resting";
}
