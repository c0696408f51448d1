import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PROJECT, say } from "./cli.mjs";
import { findProgram } from "./programs.mjs";

/** Where Debian's package is unpacked to, beside the dependencies, and with them thrown away. */
const UNPACKED = join(PROJECT, "node_modules/.cache/prometheus");

/**
 * Finds Prometheus and promtool, which the tests of the alert rules run. Where the machine has none but has apt-get,
 * Debian's package is downloaded and unpacked: nothing is installed by it, and no server started.
 *
 * @returns {{ prometheus: string, promtool: string } | null} their paths; null where there is no way to get them
 */
export function preparePrometheus() {
  const [prometheus, promtool] = [findProgram("prometheus"), findProgram("promtool")];
  if (prometheus !== undefined && promtool !== undefined) return { prometheus, promtool };
  if (!existsSync(UNPACKED) && !unpack()) return null;
  return { prometheus: join(UNPACKED, "usr/bin/prometheus"), promtool: join(UNPACKED, "usr/bin/promtool") };
}

/** Whole or not at all. */
function unpack() {
  if (findProgram("apt-get") === undefined || findProgram("dpkg-deb") === undefined) return false;
  say("Unpacking prometheus (once) …");
  const folder = mkdtempSync(join(tmpdir(), "iotsupport-prometheus-"));
  try {
    if (!download(folder) && !(run(folder, "apt-get", "-qq", "update") && download(folder))) return false;
    const [deb = ""] = readdirSync(folder);
    mkdirSync(dirname(UNPACKED), { recursive: true });
    const unpacked = mkdtempSync(`${UNPACKED}-`);
    const isWhole = run(folder, "dpkg-deb", "--extract", deb, unpacked);
    if (isWhole && !existsSync(UNPACKED)) renameSync(unpacked, UNPACKED);
    else rmSync(unpacked, { recursive: true, force: true });
    return existsSync(UNPACKED);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} folder */
function download(folder) {
  return run(folder, "apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", "prometheus");
}

/**
 * @param {string} folder
 * @param {string} program
 * @param {string[]} args
 */
function run(folder, program, ...args) {
  return spawnSync(program, args, { cwd: folder, stdio: "ignore" }).status === 0;
}
