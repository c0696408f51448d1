import type { Database } from "bun:sqlite";
import type { FileKey, FileKind, FileRevision } from "../file-key.ts";
import type { Announcement, Postponement } from "../store.ts";
import type { Transaction } from "./transaction.ts";

/** A clock that was set back must not hold a postponed row longer than any postponement lasts. */
const LONGEST_REST_MS = 10 * 60_000;
/** In the place of a device. */
const EVERYBODY = "";

/**
 * Puts a change into the outbox. One that waits there for the same file is taken over by it, since the
 * message would be the same, and so are those for single devices; it keeps its place and the time since when it waits, and a rest that it was at is over.
 */
export function announce(tx: Transaction, { kind, name, revision }: FileRevision): void {
  if (!tx.rules.announces) return;
  if (tx.rules.deviceTopics !== "off") {
    tx.db.query(`delete from outbox where kind = ? and subject = ? and device <> ''`).run(kind, name);
  }
  put(tx, { kind, name, revision }, EVERYBODY);
}

/** The same for one device alone, where that can be told: else everybody is. */
export function announceTo(tx: Transaction, mac: string, file: FileRevision): void {
  if (!tx.rules.announces) return;
  if (tx.rules.deviceTopics === "off") announce(tx, file);
  else put(tx, file, mac);
}

function put({ db, now }: Transaction, { kind, name, revision }: FileRevision, device: string): void {
  const sql = `
    insert into outbox (kind, subject, device, revision, committed_at) values (?, ?, ?, ?, ?)
    on conflict (kind, subject, device) do update
      set revision = excluded.revision, attempts = 0, not_before = 0, told_to = null`;
  db.query(sql).run(kind, name, device, revision, now);
}

/** Drops what still waits of a file: it is gone, and nothing is announced of that. */
export function dropAnnouncement(tx: Transaction, { kind, name }: FileKey): void {
  tx.db.query(`delete from outbox where kind = ? and subject = ?`).run(kind, name);
}

/** The oldest announcements that are due. They stay in the outbox until they are settled. */
export function claimAnnouncements({ db, now }: Transaction, most: number): readonly Announcement[] {
  return readDueAnnouncements(db, now, most);
}

export function readDueAnnouncements(db: Database, now: number, most: number): readonly Announcement[] {
  const sql = `
    select kind, subject, device, revision, attempts, committed_at, told_to from outbox
    where not_before not between ? + 1 and ? order by position limit ?`;
  return db
    .query<OutboxRow, [number, number, number]>(sql)
    .all(now, now + LONGEST_REST_MS, most)
    .map(({ kind, subject, device, revision, attempts, committed_at, told_to }) => ({
      kind,
      name: subject,
      device: device === EVERYBODY ? null : device,
      revision,
      attempts,
      committedAt: new Date(committed_at),
      toldTo: told_to,
    }));
}

/** What is enough to settle an announcement. */
type Settled = readonly [kind: FileKind, name: string, device: string | null, revision: number];

export function settledOf({ kind, name, device, revision }: Announcement): Settled {
  return [kind, name, device, revision];
}

/** Forgets announcements: devices were told of them. One whose file changed again while it was in flight waits from that change on. */
export function settleAnnouncements(tx: Transaction, announcements: readonly Settled[]): void {
  const settle = tx.db.query(
    `delete from outbox where kind = ? and subject = ? and device = ? and revision = ?`,
  );
  const keep = tx.db.query(`
    update outbox set committed_at = (select changed_at from files where (kind, name) = (outbox.kind, subject))
    where kind = ? and subject = ? and device = ? and revision > ?`);
  const told = tx.db.query(`
    update files set announced_revision = ?3, announced_at = ?4, reannounced_at = null
    where kind = ?1 and name = ?2 and (announced_revision is null or announced_revision < ?3)`);
  for (const [kind, name, device, revision] of announcements) {
    if (device === null) told.run(kind, name, revision, tx.now);
    const row = [kind, name, device ?? EVERYBODY, revision] as const;
    if (settle.run(...row).changes === 0) keep.run(...row);
  }
}

/** Lets announcements rest, except those whose file changed again: the change is due at once. */
export function postponeAnnouncements(tx: Transaction, postponements: readonly Postponement[]): void {
  const postpone = tx.db.query(
    `update outbox set attempts = attempts + 1, not_before = ?, told_to = ?
     where kind = ? and subject = ? and device = ? and revision = ?`,
  );
  for (const { kind, name, device, revision, notBefore, toldTo } of postponements) {
    postpone.run(notBefore.getTime(), toldTo, kind, name, device ?? EVERYBODY, revision);
  }
}

interface OutboxRow {
  readonly kind: FileKind;
  readonly subject: string;
  readonly device: string;
  readonly revision: number;
  readonly attempts: number;
  readonly committed_at: number;
  readonly told_to: string | null;
}
