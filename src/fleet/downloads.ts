import type { Closed, Connection, Sent } from "./socket-diagnosis.ts";

/** Bytes that were answered to somebody, and may still be on their way. */
export interface Download<Subject> {
  readonly subject: Subject;
  readonly connection: Connection;
  /** How many bytes of a body were answered. */
  readonly bytes: number;
  /** How much the peer had acknowledged on this connection before; null where nobody looked. */
  readonly acknowledgedBefore: number | null;
}

/** What was seen of a download: bytes arrive, all have arrived, or nothing can be seen of it any more. */
export type Progress = "moved" | "acknowledged" | "lost";

interface Underway<Subject> extends Download<Subject> {
  readonly beganAt: number;
  acknowledged: number;
  /** Where everything that was out at the first look is acknowledged; null before that look. */
  arrivedAt: number | null;
  /** The last that was known of its connection, once that is gone. */
  last: Sent | null;
  /** When its connection was first not found any more. */
  missedAt: number | null;
}

const MOST_UNDERWAY = 10_000;
/** A small answer is acknowledged within a round trip; the connection may be gone right after it. */
const YOUNG_MS = 200;
const LOOK_AT_YOUNG_MS = 10;
const LOOK_AT_OLD_MS = 250;
/** The kernel tells of a connection's end a moment after it is gone. */
const FAREWELL_WITHIN_MS = 1_000;
/** So many connections are looked at in one go, some milliseconds' work; the others' turn comes next. */
const MOST_LOOKED_AT = 200;
/** An answer as small as this is in the kernel's hands at once, so that nothing outstanding means that it has arrived. */
export const SMALL_BYTES = 64 * 1024;
/** Our answers' heads are far smaller. */
const MOST_HEAD_BYTES = 2_048;

/**
 * Watches what was answered until the peer's TCP has acknowledged all of it. Being written to a socket proves nothing: it
 * only means that the kernel has it.
 */
export class Downloads<Subject> {
  #underway: Underway<Subject>[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly ask: (connection: Connection) => Sent | null,
    private readonly closed: () => Iterable<Closed>,
    private readonly tell: (subject: Subject, progress: Progress) => void,
    private readonly elapsedMs: () => number,
  ) {}

  /** Begins to watch; false where too many are watched already. */
  watch(download: Download<Subject>): boolean {
    if (this.#underway.length >= MOST_UNDERWAY) return false;
    if (this.#underway.length === 0) this.#takeLeave(); // While nobody looked, others' ends have gathered.
    const acknowledged = download.acknowledgedBefore ?? 0;
    const beganAt = this.elapsedMs();
    this.#underway.push({ ...download, beganAt, acknowledged, arrivedAt: null, last: null, missedAt: null });
    this.#lookIn(LOOK_AT_YOUNG_MS);
    return true;
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#underway = [];
  }

  #lookIn(ms: number): void {
    this.#timer ??= setTimeout(() => this.#look(), ms);
  }

  #look(): void {
    this.#timer = null;
    this.#takeLeave();
    const turn = this.#underway.splice(0, MOST_LOOKED_AT);
    for (const each of turn) {
      const progress = this.#progressOf(each);
      if (progress !== "none") this.tell(each.subject, progress);
      if (progress === "none" || progress === "moved") this.#underway.push(each);
    }
    if (this.#underway.length === 0) return;
    const youngest = this.elapsedMs() - Math.max(...this.#underway.map(({ beganAt }) => beganAt));
    this.#lookIn(youngest < YOUNG_MS ? LOOK_AT_YOUNG_MS : LOOK_AT_OLD_MS);
  }

  /** Notes of each download whose connection is gone what was known of that at the last. */
  #takeLeave(): void {
    const gone = [...this.closed()];
    if (gone.length === 0 || this.#underway.length === 0) return;
    const byPorts = Map.groupBy(this.#underway, ({ connection }) => portsOf(connection));
    for (const closed of gone) {
      for (const each of byPorts.get(portsOf(closed)) ?? []) {
        if (closed.isFrom(each.connection.remoteAddress)) each.last = closed;
      }
    }
  }

  #progressOf(each: Underway<Subject>): Progress | "none" {
    const sent = each.last ?? this.ask(each.connection);
    if (sent === null) {
      each.missedAt ??= this.elapsedMs();
      return this.elapsedMs() - each.missedAt < FAREWELL_WITHIN_MS ? "none" : "lost";
    }
    if (hasArrived(each, sent)) return "acknowledged";
    if (each.last !== null) return "lost";
    const moved = sent.acknowledged > each.acknowledged;
    each.acknowledged = sent.acknowledged;
    return moved ? "moved" : "none";
  }
}

function portsOf({ localPort, remotePort }: Pick<Connection, "localPort" | "remotePort">): number {
  return localPort * 65_536 + remotePort;
}

/** Answers on one connection follow one another, so that bytes beyond an answer's own prove that it has arrived. */
function hasArrived<Subject>(each: Underway<Subject>, { acknowledged, outstanding }: Sent): boolean {
  const { acknowledgedBefore: before, bytes } = each;
  if (before !== null) {
    const ofThisOn = acknowledged - before;
    return ofThisOn >= bytes + MOST_HEAD_BYTES || (ofThisOn >= bytes && outstanding === 0);
  }
  if (bytes > SMALL_BYTES) return false; // Part of it may not be in the kernel yet: nobody can tell.
  each.arrivedAt ??= acknowledged + outstanding;
  return acknowledged >= each.arrivedAt;
}
