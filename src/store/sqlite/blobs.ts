import type { Database } from "bun:sqlite";
import type { BlobStanding, NamedBlob } from "../reader.ts";
import type { Transaction } from "./transaction.ts";

const CLAIM_MS = 60 * 60_000;
const MOST_LISTED = 1_000;

/** Keeps a blob from being collected, whether it is there yet or not. Claims that ended are swept out. */
export function claimBlob(tx: Transaction, sha256: string): number {
  tx.db.query(`delete from claims where expires_at <= ?`).run(tx.now);
  tx.db
    .query(`insert into blobs (sha256, unnamed_since) values (?, ?) on conflict do nothing`)
    .run(sha256, tx.now);
  const claim = tx.db
    .query(`insert into claims (sha256, expires_at) values (?, ?)`)
    .run(sha256, tx.now + CLAIM_MS);
  return Number(claim.lastInsertRowid);
}

/** A revision names the blob from now on, and its claim is given up. */
export function nameBlob(tx: Transaction, sha256: string, claim: number): void {
  tx.db
    .query(`insert into blobs (sha256) values (?) on conflict (sha256) do update set unnamed_since = null`)
    .run(sha256);
  releaseClaim(tx, claim);
}

export function releaseClaim(tx: Transaction, claim: number): void {
  tx.db.query(`delete from claims where id = ?`).run(claim);
}

/** A revision has ceased to name the blob; where no other does, its grace period begins. */
export function unnameBlob(tx: Transaction, sha256: string): void {
  const sql = `
    update blobs set unnamed_since = ?2 where sha256 = ?1
      and not exists (select 1 from revisions where kind = 'assets' and sha256 = ?1)`;
  tx.db.query(sql).run(sha256, tx.now);
}

/** Blobs that no revision names since `unnamedForMs` or longer, and nobody claims. */
export function readUnnamedBlobs(db: Database, now: number, unnamedForMs: number): readonly string[] {
  const sql = `
    select sha256 from blobs where unnamed_since <= ?
      and not exists (select 1 from claims where claims.sha256 = blobs.sha256 and expires_at > ?)
    limit ?`;
  return db
    .query<{ sha256: string }, [number, number, number]>(sql)
    .all(now - unnamedForMs, now, MOST_LISTED)
    .map(({ sha256 }) => sha256);
}

/** Blobs that a revision of an asset names, by hash. */
export function readNamedBlobs(db: Database): readonly NamedBlob[] {
  const sql = `
    select sha256, size, min(name) as filename from revisions where kind = 'assets' and sha256 is not null
    group by sha256 order by sha256`;
  return db.query<NamedBlob, []>(sql).all();
}

export function readBlobStanding(db: Database, sha256: string): BlobStanding {
  const sql = `select unnamed_since from blobs where sha256 = ?`;
  const row = db.query<{ unnamed_since: number | null }, [string]>(sql).get(sha256);
  if (row === null) return "unknown";
  return row.unnamed_since === null ? "named" : "unnamed";
}

/** Forgets blobs that were removed, and what was read of them, except one that is named again meanwhile. */
export function forgetBlobs(tx: Transaction, sha256s: readonly string[]): void {
  const forget = tx.db.query(`delete from blobs where sha256 = ? and unnamed_since is not null`);
  const unread = tx.db.query(
    `delete from readings where sha256 = ?1 and not exists (select 1 from blobs where sha256 = ?1)`,
  );
  for (const sha256 of sha256s) {
    forget.run(sha256);
    unread.run(sha256);
  }
}
