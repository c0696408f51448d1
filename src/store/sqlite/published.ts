import type { Database } from "bun:sqlite";
import type { FileKind } from "../file-key.ts";
import type { Published } from "../published-store.ts";
import type { Transaction } from "./transaction.ts";

/** Until then, any broker has written to its disk that something was taken back: Mosquitto does every half hour, if not told otherwise. */
const REMEMBERED_MS = 24 * 60 * 60_000;
/** As many as a large fleet has: anybody can have devices shown, and forgotten, under made-up MACs. */
const MOST_REMEMBERED = 100_000;

export function readPublished(db: Database, mac: string): readonly Published[] {
  const sql = `select mac, kind, name, topic, config_digest, state_digest, optional, gone_at from published where mac = ?`;
  return db
    .query<PublishedRow, [string]>(sql)
    .all(mac)
    .map(({ config_digest, state_digest, gone_at, ...row }) => ({
      ...row,
      configDigest: config_digest,
      stateDigest: state_digest,
      isGone: gone_at !== null,
    }));
}

export function readMark(db: Database): string | null {
  return db.query<{ mark: string }, []>(`select mark from publishing_mark`).get()?.mark ?? null;
}

/** Of all devices, and of those of which something is known here. */
export function readMacs(db: Database, after: string, most: number): readonly string[] {
  const sql = `
    select mac from devices where mac > $after
    union select mac from published where mac > $after order by mac limit $most`;
  return db
    .query<{ mac: string }, Record<`$${string}`, string | number>>(sql)
    .all({ $after: after, $most: most })
    .map(({ mac }) => mac);
}

export function notePublished(
  { db, now }: Transaction,
  shown: readonly Published[],
  gone: readonly Published[],
  mark: string | null,
): void {
  const take = db.query(`
    update published set gone_at = coalesce(gone_at, ?) where mac = ? and kind = ? and name = ?`);
  for (const { mac, kind, name } of gone) take.run(now, mac, kind, name);
  const note = db.query(`
    insert into published (mac, kind, name, topic, config_digest, state_digest, optional)
    values (?, ?, ?, ?, ?, ?, ?)
    on conflict (mac, kind, name) do update set topic = excluded.topic,
      config_digest = excluded.config_digest, state_digest = excluded.state_digest,
      optional = excluded.optional, gone_at = null`);
  for (const { mac, kind, name, topic, configDigest, stateDigest, optional } of shown) {
    note.run(mac, kind, name, topic, configDigest, stateDigest, optional);
  }
  db.query(`delete from published where gone_at < ?`).run(now - REMEMBERED_MS);
  if (gone.length > 0) forgetBeyond(db, MOST_REMEMBERED);
  if (mark === null) return;
  const sql = `insert into publishing_mark values (1, ?) on conflict do update set mark = excluded.mark`;
  db.query(sql).run(mark);
}

/** Those that were taken back longest ago. */
function forgetBeyond(db: Database, most: number): void {
  const sql = `
    delete from published where (mac, kind, name) in (
      select mac, kind, name from published where gone_at is not null order by gone_at desc limit -1 offset ?)`;
  db.query(sql).run(most);
}

interface PublishedRow {
  readonly mac: string;
  readonly kind: FileKind;
  readonly name: string;
  readonly topic: string;
  readonly config_digest: string;
  readonly state_digest: string;
  readonly optional: string;
  readonly gone_at: number | null;
}
