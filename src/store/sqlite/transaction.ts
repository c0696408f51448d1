import type { Database } from "bun:sqlite";

/** What every write is given: the connection inside an open transaction, and that transaction's one time. */
export interface Transaction {
  readonly db: Database;
  /** Milliseconds since 1970; the same for all that is written together. */
  readonly now: number;
  /** Whether saves are announced: false where no broker is set, and rows would only gather. */
  readonly announces: boolean;
}
