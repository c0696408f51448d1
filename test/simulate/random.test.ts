import { expect, test } from "bun:test";
import { Random } from "../../simulate/random.ts";

test("the same seed gives the same choices, another seed others", () => {
  const choices = (seed: number) => {
    const random = new Random(seed);
    return [
      random.next(),
      random.int(0, 1_000_000),
      random.pick(["a", "b", "c"]),
      random.bytes(8).toString("hex"),
    ];
  };
  expect(choices(7)).toEqual(choices(7));
  expect(choices(7)).not.toEqual(choices(8));
});

test("numbers are spread over all that may come", () => {
  const random = new Random(1);
  const seen = Map.groupBy(
    Array.from({ length: 10_000 }, () => random.int(-2, 3)),
    (each) => each,
  );
  expect([...seen.keys()].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2]);
  for (const times of seen.values()) expect(times.length).toBeGreaterThan(1_700);
});
