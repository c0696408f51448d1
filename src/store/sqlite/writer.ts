import { type Database, SQLiteError } from "bun:sqlite";
import { claimBlob, forgetBlobs, releaseClaim } from "./blobs.ts";
import { deleteFile, saveAsset, saveConfig } from "./changes.ts";
import { editDevice, forgetDevice } from "./devices.ts";
import { claimAnnouncements, postponeAnnouncements, settleAnnouncements } from "./outbox.ts";
import { notePublished } from "./published.ts";
import { keepReading } from "./readings.ts";
import { reannounce } from "./reannouncements.ts";
import type { Reserve } from "./reserve.ts";
import { forgetDeletedFiles } from "./revisions.ts";
import { announceAgain, announceAllTo, saveSightings } from "./sightings.ts";
import type { Transaction, WriteRules } from "./transaction.ts";

/** Everything that is ever written, by its verb. */
const verbs = {
  saveConfig,
  saveAsset,
  deleteFile,
  claimAnnouncements,
  settleAnnouncements,
  postponeAnnouncements,
  claimBlob,
  releaseClaim,
  forgetBlobs,
  forgetDeletedFiles,
  keepReading,
  saveSightings,
  editDevice,
  forgetDevice,
  announceAgain,
  announceAllTo,
  reannounce,
  notePublished,
};

/** Verbs that make room, or keep the outbox true: on a full disk they are given the reserve. */
const ESSENTIAL: ReadonlySet<Verb> = new Set([
  "deleteFile",
  "claimAnnouncements",
  "settleAnnouncements",
  "postponeAnnouncements",
  "releaseClaim",
  "forgetBlobs",
  "forgetDeletedFiles",
]);

/** SQLite's own limit. */
const MOST_PAGES = 4_294_967_294;

type Verbs = typeof verbs;
export type Verb = keyof Verbs;
type Rest<F> = F extends (tx: Transaction, ...rest: infer R) => unknown ? R : never;
type Arguments<V extends Verb> = Rest<Verbs[V]>;
export type Outcome<V extends Verb> = ReturnType<Verbs[V]>;

/**
 * One write that somebody waits for. It goes from thread to thread, where each object and each of its names costs more
 * than the value: so it is a tuple, and so is what it has many of.
 */
export type Write = { readonly [V in Verb]: WriteOf<V> }[Verb];
export type WriteOf<V extends Verb> = readonly [verb: V, ...args: Arguments<V>];

export type Answer =
  | { readonly kind: "done"; readonly outcome: Outcome<Verb> }
  | { readonly kind: "full" }
  | { readonly kind: "failed"; readonly reason: string };

/**
 * Commits what has gathered: one transaction, one fsync. Where one of the writes is refused, each goes alone, so that it
 * does not undo its neighbours. When `commit` returns, every `done` is on disk; when it throws, that is not known of any, and
 * the database must not be written any more.
 */
export class Writer {
  #mayGrow = true;
  /** Whether the disk was too full for the last save, and has had no room since. */
  #isFull = false;

  constructor(
    private readonly db: Database,
    private readonly reserve: Reserve,
    private readonly rules: WriteRules,
  ) {
    this.#allowGrowth(reserve.fill());
  }

  commit(writes: readonly Write[], now: number): readonly Answer[] {
    const tx: Transaction = {
      db: this.db,
      now,
      rules: this.rules,
      isRoomShort: this.#isFull || !this.#mayGrow,
    };
    const together = this.#attempt(tx, writes);
    if (together.kind === "done") {
      this.#allowGrowth(this.reserve.fill());
      if (writes.some(isSave)) this.#isFull = false;
      return together.outcomes.map((outcome) => ({ kind: "done", outcome }));
    }
    if (together.kind === "full" && !this.#mayGrow && this.reserve.fill()) {
      this.#allowGrowth(true); // There is room again: it was only the database that was to keep its size.
      return this.commit(writes, now);
    }
    const isRoomShort = tx.isRoomShort || together.kind === "full";
    return writes.map((write) => this.#commitAlone({ ...tx, isRoomShort }, write));
  }

  /** Whether saves have room again after a full disk. Takes the reserve back, where there is enough for it. */
  hasRoom(): boolean {
    const isHeld = this.reserve.fill();
    this.#allowGrowth(isHeld);
    const hasRoom = isHeld && this.reserve.hasRoomBeside();
    if (hasRoom) this.#isFull = false;
    return hasRoom;
  }

  /**
   * While the reserve is not held, the database keeps its size: saves use the pages that deletes have freed, and
   * the log can always be emptied into it.
   */
  #allowGrowth(mayGrow: boolean): void {
    if (this.#mayGrow === mayGrow) return;
    const { page_count } = this.db.query<{ page_count: number }, []>("pragma page_count").get() ?? {
      page_count: 1,
    };
    this.db.run(`pragma max_page_count = ${mayGrow ? MOST_PAGES : page_count}`);
    this.#mayGrow = mayGrow;
  }

  /** All of them, or none. Throws where that is no matter of these writes. */
  #attempt(tx: Transaction, writes: readonly Write[]): Attempt {
    try {
      this.db.query("begin immediate").run();
      const outcomes = writes.map((write) => perform(tx, write));
      this.db.query("commit").run();
      return { kind: "done", outcomes };
    } catch (error) {
      if (this.db.inTransaction) this.db.run("rollback");
      if (isDiskFull(error)) return { kind: "full" };
      if (isRefusal(error)) return { kind: "failed", reason: String(error) };
      throw error;
    }
  }

  /** A small write may still find room where a large one did not. */
  #commitAlone(tx: Transaction, write: Write): Answer {
    let answer = answerOf(this.#attempt(tx, [write]));
    if (answer.kind === "full") {
      checkpoint(this.db, "passive"); // It waits for nobody, and the log begins anew in the room that it has.
      answer = answerOf(this.#attempt(tx, [write]));
    }
    if (answer.kind === "full") this.#isFull = true;
    if (answer.kind !== "full" || !ESSENTIAL.has(write[0])) return answer;
    this.reserve.free();
    this.#allowGrowth(false);
    checkpoint(this.db, "truncate");
    return answerOf(this.#attempt({ ...tx, isRoomShort: true }, [write]));
  }
}

/** What came of writes that were to be committed together. */
type Attempt =
  | { readonly kind: "done"; readonly outcomes: readonly Outcome<Verb>[] }
  | Exclude<Answer, { readonly kind: "done" }>;

/** Of one write. */
function answerOf(attempt: Attempt): Answer {
  return attempt.kind === "done" ? { kind: "done", outcome: attempt.outcomes[0] } : attempt;
}

/** Makes room in the log, or of it. Where that cannot be done now, the write is tried all the same. */
function checkpoint(db: Database, mode: "passive" | "truncate"): void {
  try {
    db.run(`pragma wal_checkpoint(${mode})`);
  } catch (error) {
    const isPassing = error instanceof SQLiteError && /^SQLITE_(FULL|BUSY|LOCKED)/.test(error.code ?? "");
    if (!isPassing) throw error;
  }
}

function perform(tx: Transaction, [verb, ...args]: Write): Outcome<Verb> {
  // The union of writes pairs each verb with its own arguments; the compiler cannot follow that through a look-up.
  const act = verbs[verb] as (tx: Transaction, ...args: readonly unknown[]) => Outcome<Verb>;
  return act(tx, ...args);
}

function isSave([verb]: Write): boolean {
  return verb === "saveConfig" || verb === "saveAsset";
}

function isDiskFull(error: unknown): boolean {
  return error instanceof SQLiteError && error.code === "SQLITE_FULL";
}

/** A row that the schema refuses, or a value that cannot be bound: a bug of ours, but no harm to the database. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof SQLiteError)) return true;
  return error.code?.startsWith("SQLITE_CONSTRAINT") ?? false;
}
