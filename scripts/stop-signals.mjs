/**
 * One Ctrl-C arrives more than once: from the terminal, and again from npm. What comes within this time is one stop;
 * what comes later is impatience, and passed on as well.
 */
const BURST_MS = 500;

/** Keeps stop signals from ending us, and passes them on to the child that ends in order. */
export class StopSignals {
  /** @type {NodeJS.Signals | undefined} */
  #received;
  #receivedAtMs = Number.NEGATIVE_INFINITY;
  /** @type {import("./child.mjs").Child | undefined} */
  #child;

  constructor() {
    for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
      process.on(signal, () => this.#receive(signal));
    }
  }

  /** From now on; a signal that came before is passed on at once. @param {import("./child.mjs").Child} child */
  passTo(child) {
    this.#child = child;
    if (this.#received) child.kill(this.#received);
  }

  /** @param {NodeJS.Signals} signal */
  #receive(signal) {
    if (performance.now() - this.#receivedAtMs < BURST_MS) return;
    this.#receivedAtMs = performance.now();
    this.#received = signal === "SIGHUP" ? "SIGTERM" : signal; // A closed terminal is no question of reloading.
    this.#child?.kill(this.#received);
  }
}
