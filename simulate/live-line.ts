/** A line that is written over on a terminal; elsewhere each is a line of its own, and not so many. */
export class LiveLine {
  #written = "";
  #writtenAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly out: { readonly isTTY?: boolean; write(text: string): unknown },
    private readonly elapsedMs: () => number,
  ) {}

  write(text: string): void {
    if (this.out.isTTY === true) {
      this.out.write(`\r${text.padEnd(this.#written.length)}`);
      this.#written = text;
    } else if (text !== this.#written && this.elapsedMs() - this.#writtenAt >= PLAIN_EVERY_MS) {
      this.out.write(`${text}\n`);
      this.#written = text;
      this.#writtenAt = this.elapsedMs();
    }
  }

  /** What follows begins on a line of its own. */
  end(): void {
    if (this.out.isTTY === true && this.#written !== "") this.out.write("\n");
    this.#written = "";
  }
}

const PLAIN_EVERY_MS = 5_000;
