import { SQLiteError } from "bun:sqlite";
import { databaseIn, reserveIn } from "./data-dir.ts";
import { openForReading, openForWriting } from "./database.ts";
import { lockDataDir } from "./lock.ts";
import { Reserve } from "./reserve.ts";
import { SqliteStore } from "./sqlite-store.ts";
import { StoreOpenError } from "./store-open-error.ts";
import type { WriteRules } from "./transaction.ts";

export interface SqliteStoreOptions extends Omit<WriteRules, "deviceTopics"> {
  /** Off unless it is given. */
  readonly deviceTopics?: WriteRules["deviceTopics"];
  /** Made where it does not exist. Exactly one process writes in it. */
  readonly dataDir: string;
  readonly now: () => Date;
}

/**
 * Opens the store in a directory of its own, bringing an older database up to date. Throws `StoreOpenError`
 * where the directory is in use or cannot be used, and then leaves it as it is.
 */
export function openSqliteStore({
  dataDir,
  now,
  announces,
  deviceTopics = "off",
  keepRevisions,
}: SqliteStoreOptions): SqliteStore {
  const lock = lockDataDir(dataDir);
  try {
    const databasePath = databaseIn(dataDir);
    const reservePath = reserveIn(dataDir);
    prepare(databasePath, reservePath);
    return new SqliteStore(openForReading(databasePath), lock, now, {
      databasePath,
      reservePath,
      rules: { announces, deviceTopics, keepRevisions },
    });
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** Brings the database up to date here, where what is wrong with it can stop the start. */
function prepare(databasePath: string, reservePath: string): void {
  try {
    openForWriting(databasePath).close();
  } catch (error) {
    const cause = error instanceof StoreOpenError ? error.cause : null;
    const isFull = cause instanceof SQLiteError && cause.code === "SQLITE_FULL";
    if (!isFull || !new Reserve(reservePath).free()) throw error;
    openForWriting(databasePath).close(); // On a full disk even opening needs room.
  }
}
