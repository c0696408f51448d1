import { expect, test } from "bun:test";
import { namedIn } from "./promql.ts";

test("a query's metrics are told from its functions, labels, durations and strings", () => {
  const query = `histogram_quantile(0.9, sum by (le, topic) (rate(a_bucket{status="b_total",x=~"c|d"}[5m])))
    and on (job) max_over_time(up[1h:5m]) > 0`;
  expect(namedIn(query)).toEqual({
    metrics: [
      { name: "a_bucket", labels: ["status", "x"] },
      { name: "up", labels: [] },
    ],
    labels: ["le", "topic", "job"],
  });
});

test.each(["sum(rate(a[5m])", "a{b=}", '{job="x"}', "rate(a[soon])"])("%s is refused", (query) => {
  expect(() => namedIn(query)).toThrow();
});
