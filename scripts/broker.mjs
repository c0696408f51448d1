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

/** A Mosquitto of our own: started in its folder, started again should it end by itself, ended when we end. */
export class Broker {
  #program;
  #folder;
  #onStart;
  /** @type {Child | undefined} */
  #child;
  #ending = new AbortController();
  host;
  port = WANTED_PORT;

  /**
   * @param {string} program Mosquitto's path
   * @param {string} folder where it keeps its settings, sessions and log
   * @param {string} host the address to listen on
   * @param {(pid: number) => void} onStart told of each process it starts
   */
  constructor(program, folder, host, onStart) {
    this.#program = program;
    this.#folder = folder;
    this.#onStart = onStart;
    this.host = host;
  }

  get log() {
    return join(this.#folder, "mosquitto.log");
  }

  /**
   * Returns once it takes connections, on 1883 or the next free port.
   *
   * @param {{ service: string, device: string }} passwords
   */
  async start(passwords) {
    const port = await firstFree(WANTED_PORT, this.host);
    if (port === undefined)
      throw new Stop(`No port from ${WANTED_PORT} on is free for the broker on ${this.host}.`);
    if (port !== WANTED_PORT) say(`Port ${WANTED_PORT} is taken, so our broker listens on ${port}.`);
    this.port = port;
    writeBrokerFiles(this.#folder, {
      listener: `listener ${port} ${this.host}`,
      passwords: { [SERVICE_ACCOUNT]: passwords.service, [DEVICE_ACCOUNT]: passwords.device },
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
    this.#child = new Child(this.#program, ["-c", join(this.#folder, "mosquitto.conf")], {
      cwd: this.#folder,
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
      if (await answers(this.port, this.host)) return;
      await pause(LOOK_EVERY_MS);
    }
    await this.stop();
    throw new Stop(
      `The broker did not start. Its log, ${this.log}:\n${readFileSync(this.log, "utf8").trim()}`,
    );
  }

  /** The service gets along without its broker, and announces what waited once it is back: so bring it back. */
  async #keepRunning(/** @type {Child} */ first) {
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
