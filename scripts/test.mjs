// `npm test -- [what bun test takes]`: all that the tests need, the tests, and their count as the last line. With
// --coverage it tells which lines of src no test came to; too many of them count as one more failed test.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT, runCommand, say } from "./cli.mjs";
import { LEAST_PERCENT, measureCoverage, percentOf, tellCoverage } from "./coverage.mjs";
import { BUN, prepareDependencies } from "./dependencies.mjs";
import { countTests, tell } from "./junit.mjs";
import { prepareMosquitto } from "./programs.mjs";
import { TEST_TIMEOUT_MS } from "./test-timeout.mjs";

const FAILED = 1;

await runCommand(() => {
  prepareDependencies();
  prepareMosquitto();
  const folder = mkdtempSync(join(tmpdir(), "iotsupport-test-"));
  const typed = process.argv.slice(2);
  const isMeasured = typed.includes("--coverage");
  try {
    const report = join(folder, "junit.xml");
    const args = [
      "test",
      `--timeout=${TEST_TIMEOUT_MS}`,
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      ...(isMeasured ? ["--coverage-reporter=lcov", `--coverage-dir=${folder}`] : []),
      ...typed,
    ];
    const { status } = spawnSync(BUN, args, {
      cwd: PROJECT,
      env: { ...process.env, ...(isMeasured && { COVERAGE_FOLDER: folder }) },
      stdio: ["ignore", "inherit", "inherit"],
    });
    const count = countTests(report, status === 0);
    if (isMeasured && !coversEnough(folder)) count.failed += 1;
    say(tell(count));
    return count.failed > 0 ? FAILED : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** @param {string} folder */
function coversEnough(folder) {
  const coverage = measureCoverage(folder);
  say(`\n${tellCoverage(coverage)}; ${LEAST_PERCENT} % is the least`);
  return percentOf(coverage) >= LEAST_PERCENT;
}
