import type { Database } from "bun:sqlite";
import type { FileRevision } from "../file-key.ts";
import { readFileRow } from "./files.ts";
import { announce } from "./outbox.ts";
import { STATE_NOW } from "./pickups.ts";
import type { Transaction } from "./transaction.ts";

const FIRST_AFTER_MS = 10 * 60_000;
const AT_MOST_ONCE_MS = 24 * 60 * 60_000;

/**
 * The files that are due to be announced again, since a device is behind that would be helped by it: one that was here
 * before, is not missed, and has not begun, or has given up. Due ten minutes after the announcement of the newest
 * revision, then after twice the time each, and at least once a day; what waited longest comes first.
 */
export function readFilesToReannounce(db: Database, now: number, most: number): readonly FileRevision[] {
  // The wait doubles by itself: it is the time since the first announcement, and ten minutes. A clock that was set back
  // must not hold a file longer than any wait lasts.
  const sql = `
    select kind, name, revision from (
      select *, last + min($day, $first + max(0, last - announced_at)) as due from (
        select *, coalesce(reannounced_at, announced_at) as last from files
        where sha256 is not null and announced_revision = revision)) as files
    where due not between $now + 1 and $now + $day and exists (
      select 1 from pickups join devices using (mac)
      where (pickups.kind, pickups.name) = (files.kind, files.name)
        and (fetched_revision is null or fetched_revision < files.revision)
        and last_seen_at is not null and ${STATE_NOW} in ('told', 'interrupted'))
    order by due limit $most`;
  return db
    .query<FileRevision, Record<`$${string}`, number>>(sql)
    .all({ $now: now, $day: AT_MOST_ONCE_MS, $first: FIRST_AFTER_MS, $most: most });
}

/** Puts files into the outbox once more, but for those that have changed since: these are announced anyway. */
export function reannounce(tx: Transaction, files: readonly FileRevision[]): void {
  const note = tx.db.query(`update files set reannounced_at = ? where kind = ? and name = ?`);
  for (const file of files) {
    const row = readFileRow(tx.db, file);
    if (row === null || row.sha256 === null || row.revision !== file.revision) continue;
    announce(tx, file);
    note.run(tx.now, file.kind, file.name);
  }
}
