import type { Database } from "bun:sqlite";
import type { FileKind } from "../file-key.ts";
import type { Published } from "../published-store.ts";
import type { Transaction } from "./transaction.ts";

export function readPublished(db: Database, mac: string): readonly Published[] {
  const sql = `select mac, kind, name, topic, config_digest, state_digest from published where mac = ?`;
  return db
    .query<PublishedRow, [string]>(sql)
    .all(mac)
    .map(({ config_digest, state_digest, ...row }) => ({
      ...row,
      configDigest: config_digest,
      stateDigest: state_digest,
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
  { db }: Transaction,
  noted: readonly Published[],
  forgotten: readonly Published[],
  mark: string | null,
): void {
  const forget = db.query(`delete from published where mac = ? and kind = ? and name = ?`);
  for (const { mac, kind, name } of forgotten) forget.run(mac, kind, name);
  const note = db.query(`
    insert into published (mac, kind, name, topic, config_digest, state_digest) values (?, ?, ?, ?, ?, ?)
    on conflict (mac, kind, name) do update set topic = excluded.topic,
      config_digest = excluded.config_digest, state_digest = excluded.state_digest`);
  for (const { mac, kind, name, topic, configDigest, stateDigest } of noted) {
    note.run(mac, kind, name, topic, configDigest, stateDigest);
  }
  if (mark === null) return;
  const sql = `insert into publishing_mark values (1, ?) on conflict do update set mark = excluded.mark`;
  db.query(sql).run(mark);
}

interface PublishedRow {
  readonly mac: string;
  readonly kind: FileKind;
  readonly name: string;
  readonly topic: string;
  readonly config_digest: string;
  readonly state_digest: string;
}
