import { within } from "./deadline.ts";

/** The lines that something wrote, as they come; a test can wait for one. */
export class Lines {
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  #rest = "";

  get all(): readonly string[] {
    return this.#lines;
  }

  /** Takes text in pieces of any size. */
  write(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    this.#lines.push(...lines);
    for (const look of [...this.#waiting]) look();
  }

  /** Takes all that a stream gives, until its end. */
  async read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) this.write(decoder.decode(chunk, { stream: true }));
  }

  /** The first line that `matches`, also if it is already here; `from` leaves out that many of the oldest. */
  async line(matches: RegExp, from = 0, withinMs = 5_000): Promise<string> {
    const found = Promise.withResolvers<string>();
    const look = () => {
      const line = this.#lines.slice(from).find((each) => matches.test(each));
      if (line !== undefined) found.resolve(line);
    };
    this.#waiting.add(look);
    look();
    try {
      return await within(
        withinMs,
        `a line like ${matches} among:\n${this.#lines.join("\n")}`,
        found.promise,
      );
    } finally {
      this.#waiting.delete(look);
    }
  }

  matching(matches: RegExp): string[] {
    return this.#lines.filter((each) => matches.test(each));
  }
}
