import { describe, expect, test } from "bun:test";
import { atLeast, atMost, exactly, told } from "./finding.ts";
import { held, type SoakOutcome, soakPage, soakTable } from "./report.ts";
import { soakRows } from "./rows.ts";
import type { SoakScale } from "./soak-row.ts";

/** Enough to see that a row works, not whether it holds: figures of time say nothing at this size. */
const SMALL: SoakScale = {
  configs: 50,
  saves: 500,
  fleet: 1_200,
  pending: 300,
  devices: 60,
  announcements: 2,
  minutes: 0.05,
  seed: 1,
};
/** What must be so at any size. */
const COUNTED = /^(configs listed|announcements|configs of 2 KB: fetches|assets of 16 KB: fetches)/;

describe("a soak, small", () => {
  for (const row of soakRows) {
    test.concurrent(`${row.id} comes to its end, and nothing is lost in it`, async () => {
      const findings = await row.run(SMALL, () => {});
      expect(findings.length).toBeGreaterThan(3);
      expect(findings.filter(({ what, holds }) => COUNTED.test(what) && !holds)).toEqual([]);
    }, 90_000);
  }
});

describe("a soak's report", () => {
  const row = { id: "S1", promise: "nothing grows" } as const;
  const outcome = (over: Partial<SoakOutcome>): SoakOutcome => ({
    row,
    findings: [],
    trouble: null,
    seconds: 1.4,
    ...over,
  });
  const good = [
    told("saves", 1_000_000, ""),
    atMost("memory", 120.4, 150, "MB"),
    atLeast("speed", 2.5, 0.5, "×"),
    exactly("left", 0, 0),
  ];

  test("says of each figure what it is, and what it had to be", () => {
    const table = soakTable([outcome({ findings: good })]);
    expect(table).toContain("**S1** nothing grows: **held** (1 s)");
    expect(table).toContain("| saves | 1,000,000 | – |  |");
    expect(table).toContain("| memory | 120 MB | ≤ 150 MB |  |");
    expect(table).toContain("| speed | 2.5× | ≥ 0.5× |  |");
  });

  test("says where a figure is not what it had to be, or a row did not come to its end", () => {
    const broken = outcome({ findings: [...good, atMost("slope", 3, 1, "MB/h")] });
    expect(held(broken)).toBe(false);
    expect(soakTable([broken])).toContain("| slope | 3 MB/h | ≤ 1 MB/h | **no** |");
    expect(held(outcome({ trouble: "lost" }))).toBe(false);
    expect(held(outcome({}))).toBe(false);
    expect(held(outcome({ findings: good }))).toBe(true);
  });

  test("keeps the figures with what they were taken on", () => {
    const page = soakPage([outcome({ findings: good })], [["processor", "one"]], {
      minutes: 60,
      seed: 7,
      now: new Date(0),
    });
    expect(page).toContain("Taken on 1970-01-01.");
    expect(page).toContain("| processor | one |\n| S5 went on for | 60 minutes |\n| seed | 7 |\n");
  });
});
