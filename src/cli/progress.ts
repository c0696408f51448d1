import { bytes } from "./words.ts";

/** A bar is redrawn at most this often. */
const EVERY_MS = 100;
const WIDTH = 24;
/** ECMA-48: back to the line's begin, and erase it. */
const CLEAR = "\r\u001B[K";

/** How much a stretch of work is in all. */
export interface Total {
  readonly of: number;
  readonly unit: "bytes" | "files";
}

/** Shows people how far a command is, in one line of their terminal, and ends the command when it is to stop. */
export class Progress {
  #what = "";
  #total: Total | null = null;
  #done = 0;
  #drawnAtMs = Number.NEGATIVE_INFINITY;

  /** Without a terminal nothing is shown. */
  constructor(
    private readonly terminal: { write(text: string): void } | null,
    private readonly nowMs: () => number,
    private readonly stop: AbortSignal,
  ) {}

  /** Begins a stretch of work, which ends the one before. Where its size is not known, there is no bar. */
  begin(what: string, total: Total | null = null): void {
    this.stop.throwIfAborted();
    this.#what = what;
    this.#total = total;
    this.#done = 0;
    this.#draw();
  }

  /** So much more is done. Throws the reason when the command is to stop. */
  add(count: number): void {
    this.stop.throwIfAborted();
    this.#done += count;
    if (this.nowMs() - this.#drawnAtMs >= EVERY_MS) this.#draw();
  }

  /** Takes the line away. */
  end(): void {
    this.terminal?.write(CLEAR);
  }

  #draw(): void {
    this.#drawnAtMs = this.nowMs();
    this.terminal?.write(`${CLEAR}${this.#line()}`);
  }

  #line(): string {
    if (this.#total === null) return `${this.#what} …`;
    const { of, unit } = this.#total;
    const share = of === 0 ? 1 : Math.min(1, this.#done / of);
    const filled = Math.round(share * WIDTH);
    const bar = `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)}`;
    const [done, all] = unit === "bytes" ? [bytes(this.#done), bytes(of)] : [this.#done, of];
    return `${this.#what} ${bar} ${Math.floor(share * 100)} %, ${done} of ${all}`;
  }
}
