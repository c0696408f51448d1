import { Database, SQLiteError } from "bun:sqlite";
import { join } from "node:path";
import { makeFolder } from "../../folder.ts";
import { StoreOpenError } from "./store-open-error.ts";

/** The right to write in a data directory, which one process has at a time. */
export interface DataDirLock extends Disposable {
  readonly dataDir: string;
}

/**
 * Makes this process the data directory's only writer, and the directory where it is missing. The lock is SQLite's
 * own on a small database: gone with its process, however that ends, so that none is ever stale.
 */
export function lockDataDir(dataDir: string): DataDirLock {
  makeDirectory(dataDir);
  const path = join(dataDir, "lock.db");
  let lock: Database | null = null;
  try {
    lock = new Database(path, { create: true });
    lock.run("pragma journal_mode = memory"); // A lock writes nothing, and must be had on a full disk too.
    lock.run("begin exclusive");
  } catch (error) {
    lock?.close();
    const isTaken = error instanceof SQLiteError && error.code?.startsWith("SQLITE_BUSY") === true;
    const reason = isTaken
      ? `another service is running on this data directory (${path} is locked); stop it first, or set another DATA_DIR`
      : `${path} cannot be opened; check that DATA_DIR can be written by this user`;
    throw new StoreOpenError(reason, { cause: error });
  }
  const held = lock;
  return { dataDir, [Symbol.dispose]: () => held.close() };
}

function makeDirectory(dataDir: string): void {
  try {
    makeFolder(dataDir);
  } catch (error) {
    throw new StoreOpenError(`DATA_DIR ${dataDir} cannot be made: ${String(error)}`, { cause: error });
  }
}
