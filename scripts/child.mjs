import { spawn } from "node:child_process";
import { constants } from "node:os";

/** What a shell answers for a program that it could not begin. */
const NOT_FOUND = 127;
/** The service takes up to 10 s to end in good order. */
export const PATIENCE_MS = 12_000;

/**
 * A program that we started and will end.
 *
 * It runs in a process group of its own: Ctrl-C at a terminal reaches every process of the foreground group at once,
 * and the broker would be gone before the service has said goodbye to it.
 */
export class Child {
  #process;

  /**
   * @param {string} program
   * @param {string[]} args
   * @param {import("node:child_process").SpawnOptions} options
   */
  constructor(program, args, options) {
    this.#process = spawn(program, args, { ...options, detached: true });
    /** How it ended, as a shell tells it: its exit code, or 128 and the signal's number. */
    this.ended = new Promise((/** @type {(exitCode: number) => void} */ resolve) => {
      this.#process.once("error", () => resolve(NOT_FOUND));
      this.#process.once("exit", (code, signal) =>
        resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]),
      );
    });
  }

  get pid() {
    return this.#process.pid;
  }

  get running() {
    return this.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Does nothing once it has ended. @param {NodeJS.Signals} signal */
  kill(signal) {
    this.#process.kill(signal);
  }

  /** Asks it to end, if it has not yet, and sees to it in the end. */
  async stop() {
    const force = setTimeout(() => this.kill("SIGKILL"), PATIENCE_MS);
    this.kill("SIGTERM");
    await this.ended;
    clearTimeout(force);
  }
}
