import { Worker } from "node:worker_threads";
import { storageFull, storeUnavailable } from "../../fault.ts";
import { type Answered, WriteQueue } from "./write-queue.ts";
import type { Answer, Outcome, Verb, Write, WriteOf } from "./writer.ts";
import type { Reply, Request, WriterOptions } from "./writer-worker.ts";

/** After a full disk it is looked so often whether there is room again: it may be a long time until the next save. */
const LOOK_FOR_ROOM_MS = 2_000;

/** So long waits a write that goes along with others before it goes alone. */
const LINGER_MS = 5;

/** Verbs that change a file, which the watcher's listeners have to know. */
const CHANGES: ReadonlySet<Verb> = new Set(["saveConfig", "saveAsset", "deleteFile"]);

const FULL = "the disk is full";

/** Who hears of writes before anybody who waits for them does. */
export interface WriteWatcher {
  /** It is committed. */
  done(write: Write, outcome: Outcome<Verb>): void;
  /** It found no room. */
  full(): void;
}

/** The main thread's end of the thread that writes, so that no request waits for another's fsync. */
export class WriterThread {
  readonly failed: Promise<Error>;
  readonly #fail: (reason: Error) => void;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #queue = new WriteQueue();
  #state: "open" | "closing" | "failed" = "open";
  #trouble: string | null = null;
  #lookingForRoom: NodeJS.Timeout | null = null;
  /** Whether the next batch is to begin as soon as it can: there is more in it than writes that go along with others. */
  #isDue = false;
  #lingering: NodeJS.Timeout | null = null;

  constructor(
    options: WriterOptions,
    private readonly now: () => Date,
    private readonly watcher: WriteWatcher,
  ) {
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.failed = promise;
    this.#fail = resolve;
    this.#worker = new Worker(new URL("./writer-worker.ts", import.meta.url), { workerData: options });
    this.#exited = new Promise((exited) => this.#worker.once("exit", () => exited()));
    this.#worker.on("message", (reply: Reply) => this.#replied(reply));
    this.#worker.on("error", (error) => this.#breakDown(String(error)));
    this.#worker.on("exit", () => this.#breakDown("its thread ended"));
  }

  /** Why nothing can be saved at present: for good where it has `failed`, or while the disk is full. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Whether it works, and no change is on its way to the disk or back: the watcher has been told of all there are. */
  get isQuiet(): boolean {
    return this.#state === "open" && !this.#queue.writes.some(([verb]) => CHANGES.has(verb));
  }

  /** Resolves when the write is on disk. */
  write<V extends Verb>(...write: WriteOf<V>): Promise<Outcome<V>> {
    if (this.#state !== "open") return refused();
    const outcome = this.#queue.add(write);
    this.#send({ isDue: true });
    return outcome;
  }

  /** The same for a write that can wait a little: it goes along with the next one, to share its flush. */
  writeAlong<V extends Verb>(...write: WriteOf<V>): Promise<Outcome<V>> {
    if (this.#state !== "open") return refused();
    this.#lingering ??= setTimeout(() => this.#send({ isDue: true }), LINGER_MS);
    return this.#queue.add(write);
  }

  /** Waits for the writes that were begun, then ends the thread. */
  async close(): Promise<void> {
    this.#stopLooking();
    if (this.#state === "open") {
      this.#state = "closing";
      this.#send({ isDue: true });
      this.#closeWhenIdle();
    }
    await this.#exited;
  }

  #closeWhenIdle(): void {
    if (this.#state === "closing" && !this.#queue.isCommitting) this.#ask("close");
  }

  #send({ isDue } = { isDue: this.#isDue }): void {
    this.#isDue = isDue && !this.#queue.isEmpty;
    const writes = this.#isDue ? this.#queue.begin() : null;
    if (writes === null) return;
    if (this.#lingering !== null) clearTimeout(this.#lingering);
    this.#lingering = null;
    this.#isDue = !this.#queue.isEmpty; // What found no place in the batch.
    this.#ask({ writes, now: this.now().getTime() });
  }

  #ask(request: Request): void {
    this.#worker.postMessage(request);
  }

  #replied(reply: Reply): void {
    if (reply.kind === "broken") this.#breakDown(reply.reason);
    else if (reply.kind === "looked") this.#looked(reply.hasRoom);
    else this.#committed(reply.answers);
  }

  #committed(answers: readonly Answer[]): void {
    const batch = this.#queue.end(answers);
    this.#send(); // The disk is kept busy while the answers are given out.
    for (const each of batch) this.#settle(each);
    this.#closeWhenIdle();
  }

  #settle({ write, answer, resolve, reject }: Answered): void {
    switch (answer?.kind) {
      case "done":
        if (CHANGES.has(write[0])) this.#trouble = null; // There is room again, or has been made.
        this.watcher.done(write, answer.outcome);
        resolve(answer.outcome);
        return;
      case "full":
        this.#trouble = FULL;
        this.#lookForRoomLater();
        this.watcher.full();
        reject(storageFull());
        return;
      default:
        reject(new Error(`the write failed: ${answer?.reason}`));
    }
  }

  #lookForRoomLater(): void {
    if (this.#state !== "open") return;
    this.#lookingForRoom ??= setTimeout(() => this.#ask("look for room"), LOOK_FOR_ROOM_MS);
  }

  #looked(hasRoom: boolean): void {
    this.#stopLooking();
    if (this.#trouble !== FULL) return;
    if (hasRoom) this.#trouble = null;
    else this.#lookForRoomLater();
  }

  #stopLooking(): void {
    if (this.#lookingForRoom !== null) clearTimeout(this.#lookingForRoom);
    this.#lookingForRoom = null;
  }

  #breakDown(reason: string): void {
    if (this.#state === "failed" || (this.#state === "closing" && !this.#queue.isCommitting)) return;
    this.#state = "failed";
    this.#stopLooking();
    this.#trouble = reason;
    const fault = storeUnavailable(reason);
    this.#queue.abandon(fault);
    void this.#worker.terminate();
    this.#fail(fault);
  }
}

function refused(): Promise<never> {
  return Promise.reject(storeUnavailable("it is closed for writing"));
}
