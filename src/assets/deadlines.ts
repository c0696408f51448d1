import { requestTimeout } from "../fault.ts";

/** The time that an upload has: between two pieces of it, and in all. */
export class Deadlines implements Disposable {
  /** Rejects with the fault `REQUEST_TIMEOUT` once either is over. */
  readonly passed: Promise<never>;
  readonly #stall: NodeJS.Timeout;
  readonly #end: NodeJS.Timeout;

  /** `keepOpen` is called while bytes arrive: the server's own time-out would not notice them. */
  constructor(
    stallSeconds: number,
    maxSeconds: number,
    private readonly keepOpen: () => void,
  ) {
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {}); // Whoever races against it hears of it.
    this.passed = promise;
    const stalled = () => reject(requestTimeout(`body: not a byte of it has come for ${stallSeconds} s`));
    const ended = () => reject(requestTimeout(`body: it has not come whole within ${maxSeconds} s`));
    this.#stall = setTimeout(stalled, stallSeconds * 1000);
    this.#end = setTimeout(ended, maxSeconds * 1000);
    keepOpen();
  }

  /** Bytes have arrived. */
  moved(): void {
    this.#stall.refresh();
    this.keepOpen();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#stall);
    clearTimeout(this.#end);
  }
}
