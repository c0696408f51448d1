import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { DEVICE_ACCOUNT, SERVICE_ACCOUNT, writeBrokerFiles } from "./broker-files.mjs";
import { Child } from "./child.mjs";
import { Stop, say } from "./cli.mjs";
import { answers, firstFree } from "./ports.mjs";

const WANTED_PORT = 1883;
const START_MS = 10_000;
const LOOK_EVERY_MS = 10;
const RESTART_AFTER_MS = 1000;

/**
 * @typedef {object} BrokerOptions
 * @property {string} program Mosquitto's path
 * @property {string} folder where it keeps its settings and sessions; its log lies beside it
 * @property {string} host the address to listen on
 * @property {string} servicePassword
 * @property {string} devicePassword
 */

/** A Mosquitto of our own: started in its folder, started again should it end by itself, ended when we end. */
export class Broker {
  #options;
  #onStart;
  /** @type {Child | undefined} */
  #child;
  #ending = new AbortController();
  port = WANTED_PORT;

  /**
   * @param {BrokerOptions} options
   * @param {(pid: number) => void} onStart told of each process it starts
   */
  constructor(options, onStart) {
    this.#options = options;
    this.#onStart = onStart;
  }

  get devicePassword() {
    return this.#options.devicePassword;
  }

  /** Not in the folder, which belongs to the broker's account: root must not write through a link left there. */
  get log() {
    return `${this.#options.folder}.log`;
  }

  /** Returns once it takes connections, on 1883 or the next free port. */
  async start() {
    const { folder, host, servicePassword, devicePassword } = this.#options;
    const port = await firstFree(WANTED_PORT, host);
    if (port === undefined)
      throw new Stop(`No port from ${WANTED_PORT} on is free for the broker on ${host}.`);
    if (port !== WANTED_PORT) say(`Port ${WANTED_PORT} is taken, so our broker listens on ${port}.`);
    this.port = port;
    writeBrokerFiles(folder, {
      listener: `listener ${port} ${host}`,
      passwords: { [SERVICE_ACCOUNT]: servicePassword, [DEVICE_ACCOUNT]: devicePassword },
    });
    const child = this.#spawn("w");
    await this.#untilItAnswers(child);
    void this.#keepRunning(child);
  }

  async stop() {
    this.#ending.abort();
    await this.#child?.stop();
  }

  /** @param {"w" | "a"} logMode the log begins anew with each `npm start`, as nobody else would ever shorten it */
  #spawn(logMode) {
    const log = openSync(this.log, logMode, 0o600);
    const { program, folder } = this.#options;
    this.#child = new Child(program, ["-c", join(folder, "mosquitto.conf")], {
      cwd: folder,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    if (this.#child.pid !== undefined) this.#onStart(this.#child.pid);
    return this.#child;
  }

  /** @param {Child} child */
  async #untilItAnswers(child) {
    const giveUpAt = performance.now() + START_MS;
    while (child.running && performance.now() < giveUpAt) {
      if (await answers(this.port, this.#options.host)) return;
      await pause(LOOK_EVERY_MS);
    }
    await this.stop();
    throw new Stop(
      `The broker did not start. Its log, ${this.log}:\n${readFileSync(this.log, "utf8").trim()}`,
    );
  }

  /**
   * The service gets along without its broker, and announces what waited once it is back: so bring it back.
   *
   * @param {Child} first
   */
  async #keepRunning(first) {
    const { signal } = this.#ending;
    for (let child = first; ; child = this.#spawn("a")) {
      const exitCode = await child.ended;
      if (signal.aborted) return;
      say(`The broker ended by itself (exit code ${exitCode}; its log: ${this.log}). Starting it again.`);
      await pause(RESTART_AFTER_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
    }
  }
}
