import type { Database } from "bun:sqlite";
import type { Convergence, FetchCount, Pickup, Sightings, Wanted, WantedPickup } from "../fleet-store.ts";
import type { FileKey, FileKind } from "../store.ts";
import { forgetUnknownDevices, saveDevice } from "./devices.ts";
import { readFileRow } from "./files.ts";
import { announce } from "./outbox.ts";
import type { Transaction } from "./transaction.ts";

const MOST_BEHIND = 1_000;
const HOUR_MS = 3_600_000;

/**
 * A pickup's state as of $now, in a query that joins `files` and can see its device's row: as it was judged, unless the
 * file has changed since, which says no more than whether everybody was told, and whether the device is missed.
 */
export const STATE_NOW = `
  case when judged_revision = files.revision and state not in ('waiting', 'told') then state
    when $now >= max(devices.last_seen_at, files.changed_at) + devices.patience_ms then 'silent'
    when announced_revision = files.revision then 'told'
    else 'waiting' end`;

const COLUMNS = `
  mac, kind, name, evidence, fetched_revision, fetched_at, state, since, until, judged_revision,
  files.revision as wanted_revision, changed_at, announced_revision, announced_at`;

export function readPickup(db: Database, mac: string, { kind, name }: FileKey): WantedPickup | null {
  const sql = `
    select ${COLUMNS} from pickups join files using (kind, name)
    where mac = ? and kind = ? and name = ? and files.sha256 is not null`;
  const row = db.query<PickupRow, [string, string, string]>(sql).get(mac, kind, name);
  return row === null ? null : pickupOf(row);
}

export function readWanted(db: Database, { kind, name }: FileKey): Wanted | null {
  const sql = `
    select revision as wanted_revision, changed_at, announced_revision, announced_at from files
    where kind = ? and name = ? and sha256 is not null`;
  const row = db.query<WantedRow, [string, string]>(sql).get(kind, name);
  return row === null ? null : wantedOf(row);
}

/** Of the files that there are. */
export function readPickups(db: Database, mac: string): readonly WantedPickup[] {
  const sql = `
    select ${COLUMNS} from pickups join files using (kind, name)
    where mac = ? and files.sha256 is not null order by kind, name`;
  return db.query<PickupRow, [string]>(sql).all(mac).map(pickupOf);
}

export function readDuePickups(db: Database, now: number, most: number): readonly WantedPickup[] {
  const sql = `
    select ${COLUMNS} from pickups join files using (kind, name)
    where until <= ? order by until limit ?`;
  return db.query<PickupRow, [number, number]>(sql).all(now, most).map(pickupOf);
}

/** How many devices have a file in each state. */
export function readStates(db: Database, now: number): Readonly<Record<string, number>> {
  const sql = `
    select ${STATE_NOW} as state_now, count(distinct mac) as n
    from pickups join files using (kind, name) join devices using (mac)
    where files.sha256 is not null group by state_now`;
  return countsOf(db.query<StateCount, { $now: number }>(sql).all({ $now: now }));
}

/** How far the devices are that have this file. */
export function readConvergence(
  db: Database,
  file: FileKey,
  asked: number | null,
  now: number,
): Convergence | null {
  const row = readFileRow(db, file);
  if (row === null || row.sha256 === null) return null;
  const revision = asked ?? row.revision;
  const made = db
    .query<{ created_at: number }, [string, string, number]>(
      `select created_at from revisions where kind = ? and name = ? and revision = ?`,
    )
    .get(file.kind, file.name, revision);
  if (made === null) return null;

  const key = { $kind: file.kind, $name: file.name };
  const told = db
    .query<{ announced_revision: number | null; announced_at: number | null }, [string, string]>(
      `select announced_revision, announced_at from files where kind = ? and name = ?`,
    )
    .get(file.kind, file.name);
  const states = `
    select case when fetched_revision >= $revision and state_now in ('waiting', 'told', 'fetching', 'interrupted')
      then 'fetched' else state_now end as state_now, count(*) as n
    from (select ${STATE_NOW} as state_now, fetched_revision from pickups
      join files using (kind, name) join devices using (mac) where kind = $kind and name = $name)
    group by 1`;
  const delays = `
    select fetched_at - $changedAt as delay from pickups
    where kind = $kind and name = $name and fetched_revision = $revision order by delay`;
  const behind = `
    select mac from pickups where kind = $kind and name = $name
      and (fetched_revision is null or fetched_revision < $revision) order by mac limit $most`;
  const counts = db.query<StateCount, Named>(states).all({ ...key, $revision: revision, $now: now });
  return {
    revision,
    changedAt: made.created_at,
    announcedAt: (told?.announced_revision ?? 0) >= revision ? (told?.announced_at ?? null) : null,
    states: countsOf(counts),
    devices: counts.reduce((sum, { n }) => sum + n, 0),
    delaysMs: db
      .query<{ delay: number }, Named>(delays)
      .all({ ...key, $revision: revision, $changedAt: made.created_at })
      .map(({ delay }) => Math.max(0, delay)),
    behind: db
      .query<{ mac: string }, Named>(behind)
      .all({ ...key, $revision: revision, $most: MOST_BEHIND })
      .map(({ mac }) => mac),
  };
}

export function saveSightings(tx: Transaction, { devices, pickups, fetches, mostUnknown }: Sightings): void {
  for (const device of devices) saveDevice(tx, device);
  if (devices.some(({ isUnknown }) => isUnknown)) forgetUnknownDevices(tx, mostUnknown);
  for (const pickup of pickups) savePickup(tx, pickup);
  for (const count of fetches) countFetches(tx, count);
}

/** Puts the newest revision of a file into the outbox once more. */
export function announceAgain(tx: Transaction, file: FileKey): boolean {
  const row = readFileRow(tx.db, file);
  if (row === null || row.sha256 === null) return false;
  announce(tx, row);
  return true;
}

function savePickup({ db }: Transaction, pickup: Pickup): void {
  const { mac, kind, name, evidence, fetchedRevision, fetchedAt, state, since, until, judgedRevision } =
    pickup;
  const sql = `
    insert into pickups
      (mac, kind, name, evidence, fetched_revision, fetched_at, state, since, until, judged_revision)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (mac, kind, name) do update set evidence = excluded.evidence,
      fetched_revision = excluded.fetched_revision, fetched_at = excluded.fetched_at, state = excluded.state,
      since = excluded.since, until = excluded.until, judged_revision = excluded.judged_revision`;
  db.query(sql).run(
    mac,
    kind,
    name,
    evidence,
    fetchedRevision,
    fetchedAt,
    state,
    since,
    until,
    judgedRevision,
  );
}

function countFetches({ db, now }: Transaction, { kind, status, n }: FetchCount): void {
  const sql = `
    insert into fetches_by_hour (hour, kind, status, n) values (?, ?, ?, ?)
    on conflict (hour, kind, status) do update set n = n + excluded.n`;
  db.query(sql).run(Math.floor(now / HOUR_MS), kind, status, n);
}

type Named = Record<`$${string}`, string | number | null>;

interface StateCount {
  readonly state_now: string;
  readonly n: number;
}

function countsOf(rows: readonly StateCount[]): Record<string, number> {
  return Object.fromEntries(rows.map(({ state_now, n }) => [state_now, n]));
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
