import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { PATIENCE_MS } from "./child.mjs";
import { Stop, say } from "./cli.mjs";

const LOOK_EVERY_MS = 20;

/** @typedef {{ pid: number, identity: string }} Note */

/**
 * The processes that `npm start` has on a data directory, noted on disk: a start after one that was killed outright
 * finds what that left running. A process is known by more than its number, so that nobody else's is ever ended.
 */
export class Running {
  #path;
  /** @type {Record<string, Note>} */
  #notes = {};

  /** @param {string} dataDir */
  constructor(dataDir) {
    this.#path = join(dataDir, "running.json");
  }

  /** Ends what an earlier start left behind. Refuses to begin beside one that is alive. */
  async begin() {
    const { starter, ...others } = this.#read();
    if (starter && isAlive(starter)) {
      throw new Stop(
        `npm start runs on ${dirname(this.#path)} already (process ${starter.pid}): stop it with Ctrl-C, or set ` +
          "DATA_DIR and PORT to have another one beside it.",
      );
    }
    for (const [name, note] of Object.entries(others).reverse()) {
      if (isAlive(note)) await end(name, note);
    }
    this.note("starter", process.pid);
  }

  /**
   * @param {string} name what it is; what is noted later is ended earlier
   * @param {number} pid
   */
  note(name, pid) {
    this.#notes[name] = { pid, identity: identityOf(pid) };
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    writeFileSync(`${this.#path}.new`, JSON.stringify(this.#notes, null, 2), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }

  /** All have ended. */
  forget() {
    rmSync(this.#path, { force: true });
  }

  /** @returns {Record<string, Note>} */
  #read() {
    try {
      return JSON.parse(readFileSync(this.#path, "utf8"));
    } catch {
      return {}; // None, or cut short by a power failure, which no process outlived.
    }
  }
}

/** @param {Note} note */
function isAlive({ pid, identity }) {
  return identity !== "" && identityOf(pid) === identity;
}

/**
 * When and with which command line a process began; empty where there is none.
 *
 * @param {number} pid
 */
function identityOf(pid) {
  if (!existsSync("/proc/self/stat")) {
    return spawnSync("ps", ["-o", "lstart=,command=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  }
  try {
    // The start time is the 22nd field; the 2nd, the name in parentheses, may itself hold spaces: proc(5).
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const beganAt = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return command === "" ? "" : `${beganAt} ${command}`; // One that has ended but was not yet reaped has no command.
  } catch {
    return ""; // There is none.
  }
}

/**
 * It is not our child, so nothing tells us when it ends: we look.
 *
 * @param {string} name
 * @param {Note} note
 */
async function end(name, note) {
  say(`Ending the ${name} that an earlier start left behind (process ${note.pid}).`);
  const forceAt = performance.now() + PATIENCE_MS;
  process.kill(note.pid, "SIGTERM");
  while (isAlive(note)) {
    if (performance.now() > forceAt) process.kill(note.pid, "SIGKILL");
    await pause(LOOK_EVERY_MS);
  }
}
