import { setDefaultTimeout } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { prepareDependencies } from "../../scripts/dependencies.mjs";
import { prepareMosquitto } from "../../scripts/programs.mjs";

// What `npm test` does before the first test, for those who type `bun test`. Fast where nothing is missing.
prepareMosquitto();
if (prepareDependencies()) runAgain();

// Tests start real brokers and services, and what hangs has deadlines of its own, which say what was missing.
setDefaultTimeout(30_000);

/** Bun has noted that there is no node_modules: this process would not find what is in it now. */
function runAgain(): never {
  if (!existsSync("/proc/self/cmdline"))
    throw new Error("the dependencies are installed now: type it once more");
  const [, ...args] = readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(0, -1);
  const { exitCode } = Bun.spawnSync([process.execPath, ...args], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  process.exit(exitCode);
}
