import type { Database } from "bun:sqlite";
import type { Transaction } from "./transaction.ts";

/** Keeps what a blob's bytes say of themselves, if there still is such a blob. */
export function keepReading(tx: Transaction, sha256: string, reading: string): void {
  const sql = `
    insert into readings (sha256, reading) select sha256, ?2 from blobs where sha256 = ?1
    on conflict (sha256) do update set reading = excluded.reading`;
  tx.db.query(sql).run(sha256, reading);
}

/** Null where it was not read yet. */
export function findReading(db: Database, sha256: string): string | null {
  const sql = `select reading from readings where sha256 = ?`;
  return db.query<{ reading: string }, [string]>(sql).get(sha256)?.reading ?? null;
}
