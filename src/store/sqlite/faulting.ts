import { SQLiteError } from "bun:sqlite";
import { storageFull, storeUnavailable } from "../../fault.ts";

/** Does something with a database, and turns what SQLite says of a full disk or a damaged file into our own faults. */
export async function faulting<T>(act: () => T): Promise<T> {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof SQLiteError)) throw error;
    if (error.code === "SQLITE_FULL") throw storageFull({ cause: error });
    throw storeUnavailable(`the database fails: ${error.message}`, { cause: error });
  }
}
