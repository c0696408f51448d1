import type { Random } from "../../../simulate/random.ts";
import type { Change, ChangeAnswer, Condition, History, HistoryEvent, Read, ReadAnswer } from "./events.ts";

const FILES = ["configs/f", "assets/g"] as const;
const CLIENTS = 4;
const STEPS = 120;

interface State {
  readonly revision: number;
  readonly version: string | null;
}

/** Sent and not answered yet; `result` is there once it was done. */
interface Pending {
  readonly sent: Change | Read;
  result: ChangeAnswer | ReadAnswer | null;
}

/**
 * A history of a service that is right, and as small as it can be: clients send, each request is done at one moment
 * between its sending and its answer, answers get lost, the process is killed, announcements come late and twice.
 */
export class SimulatedService {
  readonly #events: HistoryEvent[] = [];
  readonly #files = new Map<string, State>();
  readonly #outbox = new Map<string, number>();
  readonly #pending: Pending[] = [];
  #now = 0;
  #versions = 0;

  constructor(private readonly random: Random) {}

  /** From the first request until all is answered and announced, and each file was read once more. */
  run(): History {
    for (let step = 0; step < STEPS; step++) this.#step();
    while (this.#pending.length > 0) this.#finish();
    for (const file of FILES) this.#send({ kind: "read", file, ...this.#asked() });
    while (this.#pending.length > 0) this.#finish();
    for (const file of [...this.#outbox.keys()]) this.#announce(file, true);
    return this.#events;
  }

  #step(): void {
    this.#now += 1;
    const chance = this.random.next();
    if (chance < 0.4 && this.#pending.length < CLIENTS) this.#send(this.#request());
    else if (chance < 0.75) this.#finish();
    else if (chance < 0.93) this.#announceSome();
    else if (chance < 0.98) this.#list();
    else this.#end();
  }

  #asked() {
    this.#now += 1;
    return { sentAt: this.#now, condition: "none", answer: { kind: "lost" } } as const;
  }

  #request(): Change | Read {
    const { random } = this;
    const file = random.pick(FILES);
    const condition = this.#condition(file);
    const chance = random.next();
    if (chance < 0.3) return { kind: "read", file, ...this.#asked() };
    if (chance < 0.5 && condition !== "absent") return { kind: "delete", file, ...this.#asked(), condition };
    return { kind: "save", file, version: `v${++this.#versions}`, ...this.#asked(), condition };
  }

  #condition(file: string): Condition {
    const guess = { revision: Math.max(1, this.#at(file).revision - this.random.int(0, 2)) };
    return this.random.pick<Condition>(["none", "none", "none", "absent", "present", guess]);
  }

  #send(sent: Change | Read): void {
    this.#pending.push({ sent, result: null });
  }

  /** Brings some request a step further: it is done, then answered; or its answer, or it, gets lost. */
  #finish(): void {
    this.#now += 1;
    const at = this.random.int(0, this.#pending.length);
    const pending = this.#pending[at];
    if (pending === undefined) return;
    const isLost = this.random.next() < 0.05;
    if (pending.result === null && !isLost) {
      pending.result = this.#do(pending.sent);
      return;
    }
    this.#pending.splice(at, 1);
    const answer = isLost ? { kind: "lost" } : { ...pending.result, at: this.#now };
    this.#events.push({ ...pending.sent, answer } as Change | Read); // A result is of the kind of its request.
  }

  #do(sent: Change | Read): ChangeAnswer | ReadAnswer {
    const { revision, version } = this.#at(sent.file);
    const at = Number.NaN; // Until it is answered.
    if (sent.kind === "read") {
      return version === null ? { kind: "missing", at } : { kind: "found", at, revision, version };
    }
    if (!holds(sent, revision, version)) {
      return { kind: "unmet", at, status: sent.kind === "delete" && version === null ? 404 : 412 };
    }
    const next = revision + 1;
    this.#files.set(sent.file, { revision: next, version: sent.kind === "save" ? sent.version : null });
    if (sent.kind === "save") this.#outbox.set(sent.file, next);
    else this.#outbox.delete(sent.file);
    return { kind: "done", at, revision: next };
  }

  /** At one moment, of which nobody knows more than that it lay between question and answer. */
  #list(): void {
    const sentAt = this.#now;
    this.#now += 2;
    for (const file of FILES) {
      const isThere = this.#at(file).version !== null;
      this.#events.push({ kind: "listed", file, sentAt, isThere, at: this.#now });
    }
  }

  #announceSome(): void {
    const waiting = [...this.#outbox.keys()];
    const file = waiting[this.random.int(0, waiting.length)];
    if (file !== undefined) this.#announce(file, this.random.next() < 0.7);
  }

  #announce(file: string, isAcknowledged: boolean): void {
    this.#now += 1;
    const revision = this.#outbox.get(file) ?? 0;
    this.#events.push({ kind: "announced", file, revision, at: this.#now });
    if (isAcknowledged) this.#outbox.delete(file);
  }

  /** A kill: who waits for an answer gets none. */
  #end(): void {
    this.#events.push(...this.#pending.map(({ sent }) => sent));
    this.#pending.length = 0;
    this.#events.push({ kind: "ended", at: this.#now });
  }

  #at(file: string): State {
    return this.#files.get(file) ?? { revision: 0, version: null };
  }
}

function holds({ kind, condition }: Change, revision: number, version: string | null): boolean {
  if (kind === "delete" && version === null) return false;
  if (condition === "absent") return version === null;
  if (condition === "present") return version !== null;
  return condition === "none" || (version !== null && condition.revision === revision);
}
