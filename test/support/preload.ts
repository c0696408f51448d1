import { existsSync, readFileSync } from "node:fs";
import { prepareDependencies } from "../../scripts/dependencies.mjs";
import { prepareMosquitto } from "../../scripts/programs.mjs";
import { TEST_TIMEOUT_MS } from "../../scripts/test-timeout.mjs";

const CMDLINE = "/proc/self/cmdline";

// What `npm test` does before the first test, for those who type `bun test`. Fast where nothing is missing.
prepareMosquitto();
// Bun has noted that there is no node_modules: this process would not find what is in it now.
const isInstalled = prepareDependencies();
// Its own limit is meant for tests that start nothing, and can be set for all files on the command line alone.
const [, ...args] = existsSync(CMDLINE) ? readFileSync(CMDLINE, "utf8").split("\0").slice(0, -1) : [];
const hasTimeout = args.length === 0 || args.some((arg) => arg.startsWith("--timeout"));
if (!hasTimeout) runAgain([...args, `--timeout=${TEST_TIMEOUT_MS}`]);
if (isInstalled) runAgain(args);

function runAgain(args: readonly string[]): never {
  if (args.length === 0) throw new Error("the dependencies are installed now: type it once more");
  const { exitCode } = Bun.spawnSync([process.execPath, ...args], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  process.exit(exitCode);
}
