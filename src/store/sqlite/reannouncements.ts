import type { Database } from "bun:sqlite";
import type { FileRevision } from "../file-key.ts";
import { readFileRow } from "./files.ts";
import { announce, announceTo } from "./outbox.ts";
import { STATE_NOW } from "./pickups.ts";
import type { Transaction } from "./transaction.ts";

const FIRST_AFTER_MS = 10 * 60_000;
/** So many devices are told alone; where more are behind, everybody is told. */
const MOST_ALONE = 1_000;
const AT_MOST_ONCE_MS = 24 * 60 * 60_000;

/** Pickups of which the device is behind, and would be helped by another announcement; in a query that knows `files`. */
const BEHIND = `
  pickups join devices using (mac)
  where (fetched_revision is null or fetched_revision < files.revision)
    and last_seen_at is not null and ${STATE_NOW} in ('told', 'interrupted')`;

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
    where due not between $now + 1 and $now + $day
      and exists (select 1 from ${BEHIND} and (pickups.kind, pickups.name) = (files.kind, files.name))
    order by due limit $most`;
  return db
    .query<FileRevision, Record<`$${string}`, number>>(sql)
    .all({ $now: now, $day: AT_MOST_ONCE_MS, $first: FIRST_AFTER_MS, $most: most });
}

/**
 * Puts files into the outbox once more, but for those that have changed since: these are announced anyway. Where devices
 * listen to topics of their own alone, only those who are behind are told.
 */
export function reannounce(tx: Transaction, files: readonly FileRevision[]): void {
  const note = tx.db.query(`update files set reannounced_at = ? where kind = ? and name = ?`);
  for (const file of files) {
    const row = readFileRow(tx.db, file);
    if (row === null || row.sha256 === null || row.revision !== file.revision) continue;
    const behind = tx.rules.deviceTopics === "only" ? readBehind(tx, file) : [];
    if (behind.length === 0 || behind.length > MOST_ALONE) announce(tx, file);
    else for (const mac of behind) announceTo(tx, mac, file);
    note.run(tx.now, file.kind, file.name);
  }
}

/** The first of them, and one more than are told alone. */
function readBehind({ db, now }: Transaction, { kind, name }: FileRevision): readonly string[] {
  const sql = `
    select mac from files, ${BEHIND} and (pickups.kind, pickups.name) = (files.kind, files.name)
      and (files.kind, files.name) = ($kind, $name) limit $most`;
  return db
    .query<{ mac: string }, Record<`$${string}`, string | number>>(sql)
    .all({ $kind: kind, $name: name, $now: now, $most: MOST_ALONE + 1 })
    .map(({ mac }) => mac);
}
