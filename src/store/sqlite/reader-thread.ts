import { Worker } from "node:worker_threads";
import { busy, storeUnavailable } from "../../fault.ts";
import type { ReadAnswer, ReadArguments, ReadOutcome, ReadRequest, ReadVerb } from "./reader-worker.ts";

/** More than this many lists waiting are refused. */
const MOST_WAITING = 1_000;

/**
 * The main thread's end of the thread that reads lists: 100,000 rows take it long enough to hold up every
 * other request. The thread starts with the first list.
 */
export class ReaderThread {
  #worker: Worker | null = null;
  #waiting: Pending[] = [];
  #isClosed = false;

  constructor(private readonly databasePath: string) {}

  read<V extends ReadVerb>(verb: V, ...args: ReadArguments<V>): Promise<ReadOutcome<V>> {
    if (this.#isClosed) return Promise.reject(storeUnavailable("it is closed"));
    if (this.#waiting.length >= MOST_WAITING) return Promise.reject(busy("too many lists wait to be read"));
    this.#worker ??= this.#start();
    const { promise, resolve, reject } = Promise.withResolvers<ReadOutcome<ReadVerb>>();
    this.#waiting.push({ resolve, reject });
    this.#worker.postMessage({ verb, args } as ReadRequest);
    return promise as Promise<ReadOutcome<V>>;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    if (worker === null) return;
    const exited = new Promise((resolve) => worker.once("exit", resolve));
    worker.postMessage("close");
    await exited;
  }

  #start(): Worker {
    const worker = new Worker(new URL("./reader-worker.ts", import.meta.url), {
      workerData: this.databasePath,
    });
    worker.on("message", (answer: ReadAnswer) => this.#answered(answer));
    worker.on("error", (error) => this.#ended(worker, String(error)));
    worker.on("exit", () => this.#ended(worker, "its reading thread ended"));
    return worker;
  }

  /** The thread answers in the order in which it was asked. */
  #answered(answer: ReadAnswer): void {
    const asked = this.#waiting.shift();
    if (answer.kind === "read") asked?.resolve(answer.outcome);
    else asked?.reject(new Error(`reading a list failed: ${answer.reason}`));
  }

  /** Those who wait are told; the next list starts a new thread, which may have begun when the old one's last event comes. */
  #ended(worker: Worker, reason: string): void {
    if (worker !== this.#worker) return;
    this.#worker = null;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(storeUnavailable(reason));
  }
}

interface Pending {
  readonly resolve: (outcome: ReadOutcome<ReadVerb>) => void;
  readonly reject: (reason: Error) => void;
}
