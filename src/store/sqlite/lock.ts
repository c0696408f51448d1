import { Database } from "bun:sqlite";
import { StoreOpenError } from "./store-open-error.ts";

/**
 * Makes this process the data directory's only writer. The lock is SQLite's own on a small database: gone
 * with its process, however that ends, so that none is ever stale.
 */
export function lockDirectory(path: string): Disposable {
  const lock = new Database(path, { create: true });
  try {
    lock.run("pragma locking_mode = exclusive");
    lock.run("begin exclusive");
  } catch (error) {
    lock.close();
    throw new StoreOpenError(
      `another service is running on this data directory (${path} is locked); stop it first, or set another DATA_DIR`,
      { cause: error },
    );
  }
  return { [Symbol.dispose]: () => lock.close() };
}
