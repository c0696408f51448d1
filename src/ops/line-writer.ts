import { write } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";

/** A reader that stands still must not fill our memory: beyond this, lines are dropped. In UTF-16 units. */
const MOST_WAITING = 16 * 1024 * 1024;
const FULL_PIPE_MS = 50;
/** Each write wakes a thread for it, and the reader. */
const GATHER_MS = 10;

const writeTo = promisify(write);

/** Writes lines to a file descriptor without holding up the process: those of ten milliseconds together. */
export class LineWriter {
  #waiting = "";
  #isWriting = false;
  #written: Promise<void> = Promise.resolve();

  constructor(private readonly fd: number) {}

  /** Takes a line, its line feed included. */
  write(line: string): void {
    if (this.#waiting.length + line.length > MOST_WAITING) return;
    this.#waiting += line;
    if (!this.#isWriting) this.#written = this.#writeAll();
  }

  /** Resolves when all that was taken is written. */
  written(): Promise<void> {
    return this.#written;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    await wait(GATHER_MS);
    while (this.#waiting !== "") {
      const bytes = Buffer.from(this.#waiting);
      this.#waiting = "";
      await writeWhole(this.fd, bytes);
    }
    this.#isWriting = false;
  }
}

/** Where nobody reads any more, there is nobody to tell of it either. */
async function writeWhole(fd: number, bytes: Buffer): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    try {
      offset += (await writeTo(fd, bytes, offset)).bytesWritten;
    } catch (error) {
      const isFull = error instanceof Error && "code" in error && error.code === "EAGAIN";
      if (!isFull) return;
      await wait(FULL_PIPE_MS);
    }
  }
}
