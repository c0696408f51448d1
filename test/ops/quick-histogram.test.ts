import { expect, test } from "bun:test";
import { array, assert, asyncProperty, constantFrom, double, integer, oneof, record } from "fast-check";
import { Histogram, Registry } from "prom-client";
import { QuickHistogram } from "../../src/ops/quick-histogram.ts";

const described = {
  name: "request_seconds",
  help: 'Time, with "quotes"',
  labelNames: ["method", "status"],
  buckets: [0.001, 0.01, 0.5, 2],
} as const;

test("shows what prom-client's own histogram shows of the same observations", async () => {
  const labels = record({
    method: constantFrom("GET", 'a"b\\c\nd'),
    status: integer({ min: 200, max: 203 }),
  });
  // On a bucket's very bound, and anywhere.
  const value = oneof(constantFrom(...described.buckets), double({ min: 0, max: 5, noNaN: true }));
  const observations = array(record({ labels, value }));
  await assert(
    asyncProperty(observations, async (all) => {
      const { ours, theirs } = both();
      for (const each of all) {
        ours.histogram.observe(each.labels, each.value);
        theirs.histogram.observe(each.labels, each.value);
      }
      expect(await ours.registry.metrics()).toBe(await theirs.registry.metrics());
    }),
  );
});

test("is not to be had twice under one name", () => {
  const { ours } = both();
  expect(() => new QuickHistogram({ ...described, register: ours.registry })).toThrow("already");
});

function both() {
  const [ours, theirs] = [new Registry(), new Registry()];
  return {
    ours: { registry: ours, histogram: new QuickHistogram({ ...described, register: ours }) },
    theirs: {
      registry: theirs,
      histogram: new Histogram({
        ...described,
        labelNames: [...described.labelNames],
        buckets: [...described.buckets],
        registers: [theirs],
      }),
    },
  };
}
