/** A line that is written over on a terminal; elsewhere each is a line of its own, and not so many. */
export class LiveLine {
  #length = 0;
  #said = "";
  #saidAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly out: {
      readonly isTTY?: boolean;
      readonly columns?: number;
      write(text: string): unknown;
    },
    private readonly elapsedMs: () => number,
  ) {}

  /** On paper, what has not changed but for the time is not said again. */
  write(seconds: number, text: string): void {
    const whole = `${seconds.toFixed(1)} s, ${text}`;
    if (this.out.isTTY === true) {
      const line = whole.slice(0, (this.out.columns ?? 80) - 1); // One that wraps is not written over.
      this.out.write(`\r${line.padEnd(this.#length)}`);
      this.#length = line.length;
    } else if (text !== this.#said && this.elapsedMs() - this.#saidAt >= PLAIN_EVERY_MS) {
      this.out.write(`${whole}\n`);
      this.#said = text;
      this.#saidAt = this.elapsedMs();
    }
  }

  /** What follows begins on a line of its own. */
  end(): void {
    if (this.#length > 0) this.out.write("\n");
    this.#length = 0;
  }
}

const PLAIN_EVERY_MS = 5_000;
