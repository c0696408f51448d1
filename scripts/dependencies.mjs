import { spawnSync } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT, Stop } from "./cli.mjs";

/** Bun, as package-lock.json pins it. */
export const BUN = join(PROJECT, "node_modules/.bin/bun");

const ASKED = "package-lock.json";
const THERE = "node_modules/.package-lock.json";

/**
 * Installs what package-lock.json asks for, unless it is there; install scripts stay off, save for Bun's own.
 *
 * @returns {boolean} whether something had to be installed
 */
export function prepareDependencies() {
  const wasInstalled = isInstalled();
  if (!wasInstalled) install();
  if (!bunRuns()) run(process.execPath, [join(PROJECT, "node_modules/bun/install.js")]);
  if (!bunRuns())
    throw new Stop(`${BUN} does not run on this machine: see https://bun.com/docs/installation`);
  return !wasInstalled;
}

/**
 * Compares what is asked for with what npm noted when it installed, so that neither a touched file nor a copied
 * folder causes an installation. Packages for other platforms (`optional`) are rightly missing.
 */
function isInstalled() {
  const asked = packagesIn(ASKED);
  const there = packagesIn(THERE);
  return Object.entries(asked).every(([path, { version, optional }]) =>
    path in there ? there[path]?.version === version : path === "" || optional === true,
  );
}

/**
 * @param {string} lockFile
 * @returns {Record<string, { version?: string, optional?: boolean }>} by their path in the project
 */
function packagesIn(lockFile) {
  try {
    return JSON.parse(readFileSync(join(PROJECT, lockFile), "utf8")).packages;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {}; // Nothing is installed.
    throw error;
  }
}

/** Each runtime uses the package manager that came with it; both read package-lock.json. */
function install() {
  if (process.versions.bun) {
    run(process.execPath, ["install", "--frozen-lockfile", "--ignore-scripts", "--silent"]);
    copyFileSync(join(PROJECT, ASKED), join(PROJECT, THERE)); // npm notes this by itself.
  } else {
    process.stderr.write("Installing the dependencies (once) …\n");
    run("npm", ["ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"]);
  }
}

function bunRuns() {
  return spawnSync(BUN, ["--version"], { stdio: "ignore" }).status === 0;
}

/**
 * @param {string} program
 * @param {string[]} args
 */
function run(program, args) {
  const { status, error } = spawnSync(program, args, {
    cwd: PROJECT,
    stdio: ["ignore", process.stderr.fd, "inherit"], // What follows may print JSON on stdout.
  });
  if (status === 0) return;
  const reason = error?.message ?? `exit code ${status}`;
  throw new Stop(`The dependencies could not be installed: ${program} ${args.join(" ")} (${reason}).`);
}
