import { busy } from "../../fault.ts";
import type { Answer, Outcome, Verb, Write, WriteOf } from "./writer.ts";

/** More than this many writes waiting for the disk are refused: what waits is held in memory. */
const MOST_WAITING = 10_000;

/** So many batches are on their way at the most: the thread that writes has its next one at hand while we are at other things. */
const MOST_BATCHES = 3;

/** Fewer writes than these wait for the batch before them to end, and share the next one's flush with what comes meanwhile. */
const FEWEST_BESIDE = 8;

/** So much content goes into one transaction at the most, one write apart: the log must fit into the reserve. */
const MOST_BATCH_BYTES = 1024 * 1024;

/** A write that somebody waits for. */
export interface Pending {
  readonly write: Write;
  readonly resolve: (outcome: Outcome<Verb>) => void;
  readonly reject: (reason: Error) => void;
}

/** A write whose batch was committed, with what became of it. */
export interface Answered extends Pending {
  readonly answer: Answer | undefined;
}

/** Writes that wait, and the batches of them that are being committed, one after another: what comes meanwhile goes together. */
export class WriteQueue {
  readonly #waiting: Pending[] = [];
  readonly #committing: Pending[][] = [];

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get isCommitting(): boolean {
    return this.#committing.length > 0;
  }

  /** What waits, and what is being committed. */
  get writes(): readonly Write[] {
    return [...this.#committing.flat(), ...this.#waiting].map(({ write }) => write);
  }

  /** Resolves or rejects as the write's answer says. */
  add<V extends Verb>(write: WriteOf<V>): Promise<Outcome<V>> {
    const underWay = this.#committing.reduce((sum, batch) => sum + batch.length, 0);
    if (underWay + this.#waiting.length >= MOST_WAITING) {
      return Promise.reject(busy("too many writes wait for the disk"));
    }
    const { promise, resolve, reject } = Promise.withResolvers<Outcome<Verb>>();
    // One of the union, by this method's own signature.
    this.#waiting.push({ write: write as unknown as Write, resolve, reject });
    return promise as Promise<Outcome<V>>;
  }

  /** The next batch, to be committed after those before it; null where nothing waits, or too little to go beside them. */
  begin(): readonly Write[] | null {
    const fewest = this.isCommitting ? FEWEST_BESIDE : 1;
    if (this.#waiting.length < fewest || this.#committing.length >= MOST_BATCHES) return null;
    const batch = this.#waiting.splice(0, batchLength(this.#waiting));
    this.#committing.push(batch);
    return batch.map(({ write }) => write);
  }

  /** Ends the oldest batch that `begin` gave. */
  end(answers: readonly Answer[]): readonly Answered[] {
    const batch = this.#committing.shift() ?? [];
    return batch.map((pending, index) => ({ ...pending, answer: answers[index] }));
  }

  /** Nothing comes of any of them. */
  abandon(reason: Error): void {
    for (const { reject } of [...this.#committing.splice(0).flat(), ...this.#waiting.splice(0)])
      reject(reason);
  }
}

/** How many of those that wait go into the next batch: at least one. */
function batchLength(waiting: readonly Pending[]): number {
  let bytes = 0;
  const first = waiting.findIndex(({ write }, index) => {
    bytes += write[0] === "saveConfig" ? write[1].content.length : 0;
    return index > 0 && bytes > MOST_BATCH_BYTES;
  });
  return first === -1 ? waiting.length : first;
}
