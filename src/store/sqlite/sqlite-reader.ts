import type { Database } from "bun:sqlite";
import type { FileKey } from "../file-key.ts";
import type { BlobStanding, LastState, NamedBlob, StoreReader } from "../reader.ts";
import type { Counts } from "../store.ts";
import { readBlobStanding, readNamedBlobs } from "./blobs.ts";
import { readContradictions } from "./contradictions.ts";
import { databaseIn } from "./data-dir.ts";
import { openBeside } from "./database.ts";
import { faulting } from "./faulting.ts";
import { readFileRow, readHasFiles } from "./files.ts";
import { migratedCopy, readSchemaVersion } from "./migrate.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import { readCounts } from "./reads.ts";

/**
 * Opens what a data directory keeps, beside the service or without it. Null where nothing is kept yet. Throws
 * `StoreOpenError` where the database is damaged, not ours, or of a newer version than this program.
 */
export function openSqliteReader(dataDir: string): StoreReader | null {
  return openSqliteCopy(databaseIn(dataDir));
}

/** Opens a copy that `copyTo` made, as `openSqliteReader` does. */
export function openSqliteCopy(path: string): StoreReader | null {
  const db = openBeside(path);
  return db === null ? null : new SqliteReader(db);
}

class SqliteReader implements StoreReader {
  readonly schemaVersion: number;
  #migrated: Database | null = null;

  constructor(private readonly kept: Database) {
    this.schemaVersion = readSchemaVersion(kept);
  }

  isUnused(): Promise<boolean> {
    return faulting(() => !readHasFiles(this.#db));
  }

  counts(): Promise<Counts> {
    return faulting(() => readCounts(this.#db));
  }

  lastState(file: FileKey): Promise<LastState | null> {
    return faulting(() => readFileRow(this.#db, file));
  }

  namedBlobs(): Promise<readonly NamedBlob[]> {
    return faulting(() => readNamedBlobs(this.#db));
  }

  blobStanding(sha256: string): Promise<BlobStanding> {
    return faulting(() => readBlobStanding(this.#db, sha256));
  }

  contradictions(): Promise<readonly string[]> {
    return faulting(() => readContradictions(this.#db));
  }

  /** In one read of the database: a copy by SQLite's backup interface begins anew at every save, and may never end. */
  copyTo(path: string): Promise<void> {
    return faulting(() => {
      this.kept.query("vacuum into ?").run(path);
    });
  }

  [Symbol.dispose](): void {
    this.#migrated?.close();
    this.kept.close();
  }

  /** What is read: where what is kept is of an older version, what that will become. */
  get #db(): Database {
    if (this.schemaVersion === SCHEMA_VERSION) return this.kept;
    this.#migrated ??= migratedCopy(this.kept);
    return this.#migrated;
  }
}
