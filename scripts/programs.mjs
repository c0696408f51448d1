import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { Stop, say } from "./cli.mjs";

/** A broker is a server: some systems keep it where an ordinary user's PATH does not look. */
const SERVER_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin"];

const HOW_TO_GET_IT = `Mosquitto, the MQTT broker, is not installed, and this user may not install it. One of these helps:
  sudo apt-get install mosquitto mosquitto-clients     (Debian, Ubuntu)
  brew install mosquitto                               (macOS)
  docker compose up mosquitto                          (a container; mosquitto/README.md says how to connect)
  MQTT_URL=mqtt://HOST MQTT_USERNAME=… MQTT_PASSWORD=… npm start      (a broker that you have)
  MQTT_URL= npm start                                  (no broker: files are served, nothing is announced)`;

/** The broker, and what the lines that `npm start` prints begin with; by the Debian package that brings it. */
const PROGRAMS = { mosquitto: "mosquitto", "mosquitto-clients": "mosquitto_sub", curl: "curl" };

/**
 * Finds Mosquitto. Where this user may (root on Debian and its kin), what is missing of it and its clients is
 * installed first.
 *
 * @returns {string} the broker's path
 */
export function prepareMosquitto() {
  const missing = Object.entries(PROGRAMS).filter(([, program]) => findProgram(program) === undefined);
  if (missing.length > 0 && mayInstall()) install(missing.map(([packageName]) => packageName));
  const broker = findProgram("mosquitto");
  if (broker === undefined) throw new Stop(HOW_TO_GET_IT);
  return broker;
}

/**
 * @param {string} name
 * @returns {string | undefined} its path
 */
export function findProgram(name) {
  const { PATH = "" } = process.env;
  const folders = [...PATH.split(delimiter), ...SERVER_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function mayInstall() {
  return process.getuid?.() === 0 && findProgram("apt-get") !== undefined;
}

/**
 * Where systemd runs, Debian's package starts a broker of its own on 1883; ours then takes the next port.
 *
 * @param {string[]} packages
 */
function install(packages) {
  say(`Installing ${packages.join(", ")} (once) …`);
  aptGet("update");
  aptGet("install", "-y", "--no-install-recommends", ...packages);
}

/** @param {string[]} args */
function aptGet(...args) {
  const { status } = spawnSync("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=60", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (status !== 0) throw new Stop(`apt-get ${args.join(" ")} failed.\n\n${HOW_TO_GET_IT}`);
}
