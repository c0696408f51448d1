import { Database, SQLiteError } from "bun:sqlite";
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { flushFolder } from "../../folder.ts";
import { APPLICATION_ID, migrate, readSchemaVersion } from "./migrate.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import { StoreOpenError } from "./store-open-error.ts";

/**
 * Opens the database for the one connection that writes. Throws `StoreOpenError`, and leaves the file as it
 * is, where it is damaged, not ours, or of a newer version than this program.
 */
export function openForWriting(path: string): Database {
  return explaining(path, () => {
    const isNew = sizeOf(path) === 0;
    const wasClosed = hasNoLog(path);
    if (!isNew) checkUntouched(path, wasClosed);
    const db = new Database(path, { create: true });
    try {
      db.run("pragma busy_timeout = 5000");
      checkIsFit(db, path);
      db.run("pragma journal_mode = wal");
      db.run("pragma synchronous = full");
      // A log that an fsync error may have left behind must not carry new commits: begin a new one.
      db.run("pragma wal_checkpoint(truncate)");
      flushFolder(dirname(path)); // SQLite flushes the log's name too, but does not mind when that fails.
      if (!isNew && !wasClosed) checkIsSound(db, path);
      migrate(db);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  });
}

/** Opens a connection that only reads, beside the writing one. */
export function openForReading(path: string): Database {
  const db = new Database(path, { readonly: true });
  db.run("pragma busy_timeout = 5000");
  return db;
}

/**
 * Opens a connection that only reads, in another process than the service's, which may run or not. Null where there
 * is no database yet, or nothing in it. Throws `StoreOpenError` like `openForWriting`.
 */
export function openBeside(path: string): Database | null {
  return explaining(path, () => {
    if (sizeOf(path) === 0) return null;
    const isAtRest = !existsSync(`${path}-wal`);
    checkUntouched(path, hasNoLog(path));
    // Reading makes a log too. Only a connection that might write takes its empty one away again.
    const db = isAtRest ? new Database(path, { readwrite: true }) : openForReading(path);
    db.run("pragma busy_timeout = 5000");
    if (readSchemaVersion(db) > 0) return db;
    db.close();
    return null;
  });
}

function checkIsOurs(db: Database, path: string): void {
  const mark = db.query<{ application_id: number }, []>("pragma application_id").get();
  if (mark?.application_id === APPLICATION_ID) return;
  // A first start that was killed before its migration leaves a database with nothing in it.
  if (db.query("select 1 from sqlite_schema").get() === null) return;
  throw new StoreOpenError(`${path} is a database, but not one of this service; set another DATA_DIR`);
}

function checkIsFit(db: Database, path: string): void {
  checkIsOurs(db, path);
  checkVersion(readSchemaVersion(db), path);
}

/** What would stop the start, looked for in ways that change neither the database nor its log. */
function checkUntouched(path: string, wasClosed: boolean): void {
  if (!statSync(path).isFile()) throw new StoreOpenError(`${path} ${reasons["SQLITE_CANTOPEN"]}`);
  if (wasClosed) checkIsWhole(path);
  const db = openForReading(path);
  try {
    checkIsFit(db, path);
  } catch (error) {
    // A first start that was cut off in its first write, before there was a log: who opens it to write undoes that.
    const isHalfWritten = error instanceof SQLiteError && error.code === "SQLITE_READONLY_ROLLBACK";
    if (!isHalfWritten) throw error;
  } finally {
    db.close();
  }
}

/** By the size that its header gives (SQLite's file format, section 1.3), where no log could still complete it. */
function checkIsWhole(path: string): void {
  const header = Buffer.alloc(100);
  const file = openSync(path, "r");
  readSync(file, header);
  closeSync(file);
  if (header.toString("latin1", 0, 15) !== "SQLite format 3") return; // SQLite says it.
  const pageSize = header.readUInt16BE(16);
  const expected = (pageSize === 1 ? 65_536 : pageSize) * header.readUInt32BE(28);
  const found = sizeOf(path);
  if (found < expected) throw damaged(path, `${found} bytes where there should be ${expected}`);
}

function checkVersion(version: number, path: string): void {
  if (version <= SCHEMA_VERSION) return;
  throw new StoreOpenError(
    `${path} is of version ${version}, newer than this program's ${SCHEMA_VERSION}; start the newer program, or restore a backup`,
  );
}

/** After a crash, when the header alone does not tell; it takes about a second for each gigabyte. */
function checkIsSound(db: Database, path: string): void {
  const [first] = db.query<{ quick_check: string }, []>("pragma quick_check(1)").all();
  if (first?.quick_check !== "ok")
    throw damaged(path, first?.quick_check.replaceAll("\n", " ") ?? "no answer");
}

function damaged(path: string, how: string): StoreOpenError {
  return new StoreOpenError(`${path} is damaged: ${how}; restore a backup, or move it away to begin anew`);
}

/** Closed in order: what is in the file is all. */
function hasNoLog(path: string): boolean {
  return sizeOf(`${path}-wal`) === 0 && sizeOf(`${path}-journal`) === 0;
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

/** Turns what SQLite or the system says of a file that cannot be used into what to do about it. */
function explaining<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const reason =
      reasons[String(error.code).split("_", 2).join("_")] ?? `cannot be opened: ${error.message}`;
    throw new StoreOpenError(`${path} ${reason}`, { cause: error });
  }
}

const reasons: Readonly<Record<string, string>> = {
  SQLITE_NOTADB: "is not a database; restore a backup, or move it away to begin anew",
  SQLITE_CORRUPT: "is damaged; restore a backup, or move it away to begin anew",
  SQLITE_CANTOPEN: "cannot be opened; check that DATA_DIR can be written by this user",
  SQLITE_READONLY: "cannot be written; check the rights on DATA_DIR",
  SQLITE_FULL: "cannot be opened: the disk is full; make room",
};
