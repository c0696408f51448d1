import { Database } from "bun:sqlite";
import { migrations, SCHEMA_VERSION } from "./migrations.ts";

/** "iots", SQLite's mark for whose database this is. */
export const APPLICATION_ID = 0x69_6f_74_73;

/** How many of the migrations it has seen. */
export function readSchemaVersion(db: Database): number {
  return db.query<{ user_version: number }, []>("pragma user_version").get()?.user_version ?? 0;
}

/** Brings the database to this program's version in one transaction, or leaves it as it was. */
export function migrate(db: Database): void {
  const version = readSchemaVersion(db);
  if (version === SCHEMA_VERSION) return;
  db.transaction(() => {
    for (const sql of migrations.slice(version)) db.run(sql);
    db.run(`pragma user_version = ${SCHEMA_VERSION}`);
    db.run(`pragma application_id = ${APPLICATION_ID}`);
  }).immediate();
  db.run("pragma wal_checkpoint(truncate)"); // It may have left a log as large as the database.
}

/** What the database will be once it is migrated, in memory: it is as large there, and is itself not touched. */
export function migratedCopy(db: Database): Database {
  const bytes = db.serialize();
  bytes.fill(1, 18, 20); // No log is kept of a copy in memory (SQLite's file format, section 1.3.3).
  const copy = Database.deserialize(bytes);
  migrate(copy);
  return copy;
}
