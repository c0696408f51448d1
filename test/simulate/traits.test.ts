import { expect, test } from "bun:test";
import { Random } from "../../simulate/random.ts";
import { drawDevices } from "../../simulate/traits.ts";

const RHYTHM = { lookEveryMs: [1_000, 2_000], spreadMs: 0, restartMs: 0 } as const;
const SHARES = { sleeping: 0.1, lossy: 0.25, slow: 0.05, wrong: 0.1 };
const draw = (seed: number) => drawDevices(40, SHARES, RHYTHM, new Random(seed));

test("a fleet has just the shares that were asked for", () => {
  const fleet = draw(1);
  const count = (has: (device: (typeof fleet)[number]) => boolean) => fleet.filter(has).length;
  expect(count(({ isSleeper }) => isSleeper)).toBe(4);
  expect(count(({ breaks }) => breaks > 0)).toBe(10);
  expect(count(({ bytesPerSecond }) => bytesPerSecond !== null)).toBe(2);
  expect(count(({ wrong }) => wrong === "older")).toBe(2);
  expect(count(({ wrong }) => wrong === "chip")).toBe(2);
  expect(fleet.filter(({ wrong }) => wrong !== null).every(({ door }) => door === "arduino")).toBe(true);
});

test("the same seed gives the same devices, another gives others", () => {
  expect(draw(7)).toEqual(draw(7));
  const macs = new Set([...draw(7), ...draw(263)].map(({ mac }) => mac));
  expect(macs.size).toBe(80);
});
