import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { countTests, tell } from "../../scripts/junit.mjs";
import { tempDir } from "../support/temp-dir.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="3" failures="1" skipped="1">
  <testsuite name="a.test.ts">
    <testcase name="holds &lt;failure" />
    <testcase name="fails"><failure type="AssertionError" message="no">no</failure></testcase>
    <testcase name="later"><skipped message="TODO" /></testcase>
  </testsuite>
</testsuites>`;

test("passed, failed and skipped tests are counted, and told in one line", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "junit.xml");
  await writeFile(path, REPORT);
  expect(tell(countTests(path, false))).toBe("1 passed, 1 failed, 1 skipped");
});

test("skipped tests are not mentioned where there are none", () => {
  expect(tell({ passed: 2, failed: 0, skipped: 0 })).toBe("2 passed, 0 failed");
});

test("a run that failed without a failed test, or left no report, counts as a failed one", async () => {
  expect(tell(countTests("/nowhere/junit.xml", false))).toBe("0 passed, 1 failed");
  expect(tell(countTests("/nowhere/junit.xml", true))).toBe("0 passed, 1 failed");
});
