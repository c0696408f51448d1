import { busy } from "../../fault.ts";
import type { Answer, Arguments, Outcome, Verb, Write } from "./writer.ts";

/** More than this many writes waiting for the disk are refused: what waits is held in memory. */
const MOST_WAITING = 10_000;

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

/** Writes that wait, and the one batch of them that is being committed: what comes meanwhile goes together in the next. */
export class WriteQueue {
  #waiting: Pending[] = [];
  #committing: Pending[] | null = null;

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  get isCommitting(): boolean {
    return this.#committing !== null;
  }

  /** What waits, and what is being committed. */
  get writes(): readonly Write[] {
    return [...(this.#committing ?? []), ...this.#waiting].map(({ write }) => write);
  }

  /** Resolves or rejects as the write's answer says. */
  add<V extends Verb>(verb: V, args: Arguments<V>): Promise<Outcome<V>> {
    if (this.#waiting.length >= MOST_WAITING) {
      return Promise.reject(busy("too many writes wait for the disk"));
    }
    const { promise, resolve, reject } = Promise.withResolvers<Outcome<Verb>>();
    // The verb and its arguments are a pair by this method's own signature.
    this.#waiting.push({ write: { verb, args } as Write, resolve, reject });
    return promise as Promise<Outcome<V>>;
  }

  /** The next batch, to be committed; null where one is under way, or nothing waits. */
  begin(): readonly Write[] | null {
    if (this.#committing !== null || this.#waiting.length === 0) return null;
    this.#committing = this.#waiting.splice(0, batchLength(this.#waiting));
    return this.#committing.map(({ write }) => write);
  }

  /** Ends the batch that `begin` gave. */
  end(answers: readonly Answer[]): readonly Answered[] {
    const batch = this.#committing ?? [];
    this.#committing = null;
    return batch.map((pending, index) => ({ ...pending, answer: answers[index] }));
  }

  /** Nothing comes of any of them. */
  abandon(reason: Error): void {
    for (const { reject } of [...(this.#committing ?? []), ...this.#waiting]) reject(reason);
    this.#committing = null;
    this.#waiting = [];
  }
}

/** How many of those that wait go into the next batch: at least one. */
function batchLength(waiting: readonly Pending[]): number {
  let bytes = 0;
  const first = waiting.findIndex(({ write }, index) => {
    bytes += write.verb === "saveConfig" ? write.args[0].content.length : 0;
    return index > 0 && bytes > MOST_BATCH_BYTES;
  });
  return first === -1 ? waiting.length : first;
}
