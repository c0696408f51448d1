import { requestTimeout } from "../fault.ts";

/** The time that an upload has: between two pieces of it, and in all. */
export class Deadlines implements Disposable {
  /** Rejects with the fault `REQUEST_TIMEOUT` once either is over. */
  readonly passed: Promise<never>;
  readonly #stall: NodeJS.Timeout;
  readonly #end: NodeJS.Timeout;

  constructor(stallSeconds: number, maxSeconds: number) {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {}); // Whoever races against it hears of it.
    this.passed = promise;
    const stalled = () => reject(requestTimeout(`body: not a byte of it has come for ${stallSeconds} s`));
    const ended = () => reject(requestTimeout(`body: it has not come whole within ${maxSeconds} s`));
    this.#stall = setTimeout(stalled, stallSeconds * 1000);
    this.#end = setTimeout(ended, maxSeconds * 1000);
  }

  /** Bytes have arrived. */
  moved(): void {
    this.#stall.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#stall);
    clearTimeout(this.#end);
  }
}
