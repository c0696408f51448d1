import { execFileSync } from "node:child_process";
import { pbkdf2Sync, randomBytes } from "node:crypto";
import { lchownSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "./cli.mjs";

/** The two accounts that mosquitto/acl knows. */
export const SERVICE_ACCOUNT = "iotsupport";
export const DEVICE_ACCOUNT = "device";

/**
 * Makes the folder that a broker runs in, from the project's mosquitto/ folder. What the broker keeps there itself,
 * its sessions, stays.
 *
 * All paths in it are relative to the folder: so the broker needs no way through the folders above, which under a
 * root-started broker's own account may well be closed (`/root`, and DATA_DIR itself).
 *
 * @param {string} folder
 * @param {{ listener: string, passwords: Record<string, string> }} broker `listener` is its line in mosquitto.conf,
 *   `passwords` are by account
 */
export function writeBrokerFiles(folder, { listener, passwords }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const account = droppedTo();
  const settings = [projectFile("mosquitto.conf"), listener, ...(account ? [`user ${account}`] : [])];
  replace(join(folder, "mosquitto.conf"), `${settings.join("\n")}\n`);
  replace(join(folder, "acl"), projectFile("acl"));
  replace(join(folder, "passwords"), Object.entries(passwords).map(passwordLine).join(""));
  if (account) giveTo(account, folder);
}

/** @param {string} name */
function projectFile(name) {
  return readFileSync(join(PROJECT, "mosquitto", name), "utf8");
}

/**
 * The account that a broker started by root goes on as, as Mosquitto itself chooses it.
 *
 * @returns {string | undefined} nothing where the broker stays whoever starts it
 */
function droppedTo() {
  if (process.getuid?.() !== 0) return undefined;
  return ["mosquitto", "nobody"].find((account) => idOf(account, "-u") !== undefined);
}

/**
 * @param {string} account
 * @param {string} folder
 */
function giveTo(account, folder) {
  const [uid, gid] = [Number(idOf(account, "-u")), Number(idOf(account, "-g"))];
  for (const path of [folder, ...readdirSync(folder).map((name) => join(folder, name))])
    lchownSync(path, uid, gid);
}

/**
 * @param {string} account
 * @param {"-u" | "-g"} which its user's number or its group's
 */
function idOf(account, which) {
  try {
    return execFileSync("id", [which, account], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return undefined; // No such account.
  }
}

/**
 * Writes a file anew. Never through what is there: the folder belongs to the broker's account, and root must not
 * follow a link that it left.
 *
 * @param {string} path
 * @param {string} text
 */
function replace(path, text) {
  rmSync(path, { force: true });
  writeFileSync(path, text, { mode: 0o600, flag: "wx" });
}

/**
 * A line as mosquitto_passwd writes it: `$7$`, PBKDF2 with SHA-512. Its 101 rounds are enough for a password of 192
 * random bits.
 *
 * @param {[account: string, password: string]} entry
 */
function passwordLine([account, password]) {
  const rounds = 101;
  const salt = randomBytes(12);
  const hash = pbkdf2Sync(password, salt, rounds, 64, "sha512");
  return `${account}:$7$${rounds}$${salt.toString("base64")}$${hash.toString("base64")}\n`;
}
