// `npm test -- [what bun test takes]`: all that the tests need, the tests, and their count as the last line.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PROJECT, runCommand, say } from "./cli.mjs";
import { BUN, prepareDependencies } from "./dependencies.mjs";
import { countTests, tell } from "./junit.mjs";
import { prepareMosquitto } from "./programs.mjs";
import { TEST_TIMEOUT_MS } from "./test-timeout.mjs";

const FAILED = 1;

await runCommand(() => {
  prepareDependencies();
  prepareMosquitto();
  const folder = mkdtempSync(join(tmpdir(), "iotsupport-test-"));
  try {
    const report = join(folder, "junit.xml");
    const args = [
      "test",
      `--timeout=${TEST_TIMEOUT_MS}`,
      "--reporter=junit",
      `--reporter-outfile=${report}`,
      ...process.argv.slice(2),
    ];
    const { status } = spawnSync(BUN, args, { cwd: PROJECT, stdio: ["ignore", "inherit", "inherit"] });
    const count = countTests(report, status === 0);
    say(tell(count));
    return count.failed > 0 ? FAILED : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
