import { expect, test } from "bun:test";
import { spreadOf } from "../../bench/report/spread.ts";

test.each([
  [[3], { median: 3, least: 3, most: 3 }],
  [[10, 9, 100], { median: 10, least: 9, most: 100 }],
  [[4, 1, 2, 3], { median: 2.5, least: 1, most: 4 }],
])("the spread of %p", (figures, spread) => {
  expect(spreadOf(figures)).toEqual(spread);
});

test("nothing has no median", () => {
  expect(() => spreadOf([])).toThrow("no figures");
});
