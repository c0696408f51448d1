import { describe, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CHILDREN_REPORT,
  measureCoverage,
  OWN_REPORT,
  percentOf,
  tellCoverage,
} from "../../scripts/coverage.mjs";
import { reportingTo } from "../support/child-coverage.ts";
import { tempDir } from "../support/temp-dir.ts";

const PROJECT = join(import.meta.dir, "../..");
const DELAY = "src/announcements/retry-delay.ts";

describe("the coverage", () => {
  test("counts a line that one of the reports has covered", async () => {
    const coverage = await measured(
      `SF:${DELAY}\nDA:1,1\nDA:2,0\nDA:3,0\nDA:4,9\nend_of_record\n`,
      `[{"path":"${DELAY}","lines":4,"uncovered":[1,2,4]}]\n[]\n`,
    );
    expect(coverage.get(DELAY)).toEqual({ lines: 4, uncovered: new Set([2]) });
  });

  test("counts a file that nothing has loaded with all its lines, and one of types with none", async () => {
    const coverage = await measured("", "");
    expect(coverage.get("src/http/env.ts")).toEqual({ lines: 0, uncovered: new Set() });
    const { lines = 0, uncovered } = coverage.get("src/main.ts") ?? {};
    expect(lines).toBeGreaterThan(30);
    expect(uncovered?.size).toBe(lines);
    expect(percentOf(coverage)).toBe(0);
  });

  test("is told by file and range, and in the last line as a whole", async () => {
    const coverage = new Map([
      ["src/a.ts", { lines: 8, uncovered: new Set([3, 4, 5, 9]) }],
      ["src/b.ts", { lines: 2, uncovered: new Set<number>() }],
    ]);
    expect(tellCoverage(coverage)).toBe("  src/a.ts  4/8  3-5, 9\n60.00 % of src's 10 lines are covered");
  });

  test("is told by a process of its own at its end", async () => {
    await using dir = await tempDir();
    const script = `
      const { retryDelayMs } = await import(${JSON.stringify(join(PROJECT, DELAY))});
      if (process.argv.includes("call")) retryDelayMs(1, 0.5, { firstMs: 1, mostMs: 1 });
      process.exit(0);
    `;
    const run = (...args: readonly string[]) => {
      const env = { ...process.env, ...reportingTo(dir.path) };
      expect(Bun.spawnSync([process.execPath, "-e", script, ...args], { env }).exitCode).toBe(0);
      return measureCoverage(dir.path).get(DELAY) ?? { lines: 0, uncovered: new Set() };
    };
    const loaded = run();
    expect(loaded.lines).toBeGreaterThan(0);
    expect(loaded.uncovered.size).toBe(loaded.lines);
    expect(run("call")).toEqual({ lines: loaded.lines, uncovered: new Set() });
  });
});

async function measured(own: string, children: string) {
  await using dir = await tempDir();
  await writeFile(join(dir.path, OWN_REPORT), own);
  await writeFile(join(dir.path, CHILDREN_REPORT), children);
  return measureCoverage(dir.path);
}
