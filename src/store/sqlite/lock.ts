import { Database, SQLiteError } from "bun:sqlite";
import { StoreOpenError } from "./store-open-error.ts";

/**
 * Makes this process the data directory's only writer. The lock is SQLite's own on a small database: gone
 * with its process, however that ends, so that none is ever stale.
 */
export function lockDirectory(path: string): Disposable {
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
  return { [Symbol.dispose]: () => held.close() };
}
