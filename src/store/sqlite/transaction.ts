import type { Database } from "bun:sqlite";

/** What the store is set to, for all that is written. */
export interface WriteRules {
  /** Whether saves are announced: false where no broker is set, and rows would only gather. */
  readonly announces: boolean;
  /** Whether devices have topics of their own, over which one alone can be told; `only`: and no others. */
  readonly deviceTopics: "off" | "on" | "only";
  /** How many revisions of each file are kept, the newest among them; 0: all. */
  readonly keepRevisions: number;
}

/** What every write is given: the connection inside an open transaction, and that transaction's one time. */
export interface Transaction {
  readonly db: Database;
  /** Milliseconds since 1970; the same for all that is written together. */
  readonly now: number;
  readonly rules: WriteRules;
  /** Whether the disk is so full that a delete must make room at once. */
  readonly isRoomShort: boolean;
}
