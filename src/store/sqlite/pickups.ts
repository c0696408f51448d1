import type { Database } from "bun:sqlite";
import type { FileKey, FileKind } from "../file-key.ts";
import type { Wanted, WantedPickup } from "../fleet-store.ts";
import type { Transaction } from "./transaction.ts";

/**
 * A pickup's state as of $now, in a query that joins `files` and can see its device's row: as it was judged, unless the
 * file has changed since, which says no more than whether everybody was told, and whether the device is missed.
 */
export const STATE_NOW = `
  case when judged_revision = files.revision and state not in ('waiting', 'told') then state
    when $now >= max(devices.last_seen_at, files.changed_at) + devices.patience_ms then 'silent'
    when announced_revision = files.revision then 'told'
    else 'waiting' end`;

/** Whether a state may be one that no pickup was judged to be in: `STATE_NOW` finds it only as it looks. */
export function isOfTheMoment(state: string): boolean {
  return ["waiting", "told", "silent"].includes(state);
}

const COLUMNS = `
  mac, kind, name, evidence, fetched_revision, fetched_at, state, since, until, judged_revision,
  files.revision as wanted_revision, changed_at, announced_revision, announced_at`;

export function readWanted(db: Database, { kind, name }: FileKey): Wanted | null {
  const sql = `
    select revision as wanted_revision, changed_at, announced_revision, announced_at from files
    where kind = ? and name = ? and sha256 is not null`;
  const row = db.query<WantedRow, [string, string]>(sql).get(kind, name);
  return row === null ? null : wantedOf(row);
}

/** Whether more than a guess says that the device uses the file. */
const IS_KNOWN = `coalesce(json_extract(evidence, '$.isGuessed'), 0) = 0`;

export function isUser(db: Database, mac: string, { kind, name }: FileKey): boolean {
  const sql = `select 1 from pickups where mac = ? and kind = ? and name = ? and ${IS_KNOWN}`;
  return db.query(sql).get(mac, kind, name) !== null;
}

export function readUsers(
  db: Database,
  { kind, name }: FileKey,
  after: string,
  most: number,
): readonly string[] {
  const sql = `
    select mac from pickups where kind = ? and name = ? and mac > ? and ${IS_KNOWN} order by mac limit ?`;
  return db
    .query<{ mac: string }, [string, string, string, number]>(sql)
    .all(kind, name, after, most)
    .map(({ mac }) => mac);
}

/** Of the files that there are. */
export function readPickups(db: Database, mac: string): readonly WantedPickup[] {
  const sql = `
    select ${COLUMNS} from pickups join files using (kind, name)
    where mac = ? and files.sha256 is not null order by kind, name`;
  return db.query<PickupRow, [string]>(sql).all(mac).map(pickupOf);
}

export function readDueDevices(db: Database, now: number, most: number): readonly string[] {
  const sql = `
    select mac, min(until) as due from (
      select mac, until from pickups join files using (kind, name)
      where until <= ? and files.sha256 is not null order by until limit ?)
    group by mac order by due`;
  return db
    .query<{ mac: string }, [number, number]>(sql)
    .all(now, most)
    .map(({ mac }) => mac);
}

/** Nobody's state with a file that is gone is due to be judged any more: each look would pass over all of them. */
export function endJudging({ db }: Transaction, { kind, name }: FileKey): void {
  const sql = `update pickups set until = null where kind = ? and name = ? and until is not null`;
  db.query(sql).run(kind, name);
}

interface WantedRow {
  readonly wanted_revision: number;
  readonly changed_at: number;
  readonly announced_revision: number | null;
  readonly announced_at: number | null;
}

interface PickupRow extends WantedRow {
  readonly mac: string;
  readonly kind: FileKind;
  readonly name: string;
  readonly evidence: string;
  readonly fetched_revision: number | null;
  readonly fetched_at: number | null;
  readonly state: string;
  readonly since: number;
  readonly until: number | null;
  readonly judged_revision: number;
}

function wantedOf({ wanted_revision, changed_at, announced_revision, announced_at }: WantedRow): Wanted {
  const announcedAt = announced_revision === wanted_revision ? announced_at : null;
  return { wantedRevision: wanted_revision, changedAt: changed_at, announcedAt };
}

function pickupOf(row: PickupRow): WantedPickup {
  const { mac, kind, name, evidence, state, since, until } = row;
  return {
    mac,
    kind,
    name,
    evidence,
    state,
    since,
    until,
    fetchedRevision: row.fetched_revision,
    fetchedAt: row.fetched_at,
    judgedRevision: row.judged_revision,
    ...wantedOf(row),
  };
}
