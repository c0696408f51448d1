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

/**
 * What was seen of a download: bytes arrive, all have arrived, its connection ended before they had, or nothing can be seen
 * of it any more.
 */
export type Progress = "moved" | "acknowledged" | "cutOff" | "lost";

interface Underway<Subject> extends Download<Subject> {
  /** Where everything that was out at the first look is acknowledged; null before that look. */
  arrivedAt: number | null;
}

/** What is on its way on one connection, in the order in which it was answered. */
interface Watched<Subject> {
  readonly connection: Connection;
  underway: Underway<Subject>[];
  acknowledged: number;
  /** The last that was known of it, once it is gone. */
  last: Sent | null;
  /** When it was first not found any more. */
  missedAt: number | null;
}

const MOST_UNDERWAY = 10_000;
/** A small answer is acknowledged within a round trip; the connection may be gone right after it. */
const YOUNG_MS = 200;
const LOOK_AT_YOUNG_MS = 25;
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
  /** By their ports, which the connections of different peers may share; those first that were not looked at for longest. */
  readonly #watched = new Map<number, readonly Watched<Subject>[]>();
  #underway = 0;
  #youngestAt = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly ask: (connection: Connection) => Sent | null,
    private readonly closed: () => Iterable<Closed>,
    private readonly tell: (subject: Subject, progress: Progress) => void,
    private readonly elapsedMs: () => number,
  ) {}

  /** Begins to watch; false where too many are watched already. */
  watch(download: Download<Subject>): boolean {
    if (this.#underway >= MOST_UNDERWAY) return false;
    if (this.#underway === 0) this.#takeLeave(); // While nobody looked, others' ends have gathered.
    this.#underway += 1;
    this.#youngestAt = this.elapsedMs();
    const watched = this.#watchedOn(download.connection);
    watched.underway.push({ ...download, arrivedAt: null });
    watched.acknowledged = Math.max(watched.acknowledged, download.acknowledgedBefore ?? 0);
    this.#lookIn(LOOK_AT_YOUNG_MS);
    return true;
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#watched.clear();
    this.#underway = 0;
  }

  #watchedOn(connection: Connection): Watched<Subject> {
    const ports = portsOf(connection);
    const there = this.#watched.get(ports) ?? [];
    const same = there.find(
      (each) => each.connection.remoteAddress === connection.remoteAddress && !isGone(each),
    );
    if (same !== undefined) return same;
    const watched = { connection, underway: [], acknowledged: 0, last: null, missedAt: null };
    this.#watched.set(ports, [...there, watched]);
    return watched;
  }

  #lookIn(ms: number): void {
    this.#timer ??= setTimeout(() => this.#look(), ms);
  }

  #look(): void {
    this.#timer = null;
    this.#takeLeave();
    for (const [ports, watched] of [...this.#watched.entries().take(MOST_LOOKED_AT)]) {
      this.#watched.delete(ports);
      const left = watched.filter((each) => this.#hasMoreAfterALook(each));
      if (left.length > 0) this.#watched.set(ports, left);
    }
    if (this.#underway === 0) return;
    const isYoung = this.elapsedMs() - this.#youngestAt < YOUNG_MS;
    this.#lookIn(isYoung ? LOOK_AT_YOUNG_MS : LOOK_AT_OLD_MS);
  }

  /** Notes of each connection that is gone what was known of it at the last. */
  #takeLeave(): void {
    for (const closed of this.closed()) {
      for (const each of this.#watched.get(portsOf(closed)) ?? []) {
        if (closed.isFrom(each.connection.remoteAddress)) each.last ??= closed;
      }
    }
  }

  #hasMoreAfterALook(watched: Watched<Subject>): boolean {
    const isMissing = watched.missedAt !== null; // What was not found once will not be: only its end may still be told.
    const sent = watched.last ?? (isMissing ? null : this.ask(watched.connection));
    if (sent === null) {
      watched.missedAt ??= this.elapsedMs();
      if (this.elapsedMs() - watched.missedAt < FAREWELL_WITHIN_MS) return true;
    }
    const { arrived = [], left = [] } = Object.groupBy(watched.underway, (each) =>
      sent !== null && hasArrived(each, sent) ? "arrived" : "left",
    );
    this.#tellOf(arrived, "acknowledged");
    if (sent === null || watched.last !== null) {
      this.#tellOf(left, sent === null ? "lost" : "cutOff");
      return false;
    }
    watched.underway = left;
    if (sent.acknowledged > watched.acknowledged) {
      watched.acknowledged = sent.acknowledged;
      // Answers follow one another: what moves are the bytes of the first that has not arrived.
      if (left[0] !== undefined) this.tell(left[0].subject, "moved");
    }
    return left.length > 0;
  }

  #tellOf(over: readonly Underway<Subject>[], progress: Progress): void {
    this.#underway -= over.length;
    for (const { subject } of over) this.tell(subject, progress);
  }
}

/** Another connection with the same ports may come after it. */
function isGone({ last, missedAt }: Watched<unknown>): boolean {
  return last !== null || missedAt !== null;
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
