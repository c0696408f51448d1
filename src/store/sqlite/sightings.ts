import type { FileKey } from "../file-key.ts";
import type { FetchCount, NewPickup, Sightings } from "../fleet-store.ts";
import { forgetUnknownDevices, readDevice, saveDevice } from "./devices.ts";
import { readFileRow } from "./files.ts";
import { announce, announceTo } from "./outbox.ts";
import { isUser, readPickups } from "./pickups.ts";
import type { Transaction } from "./transaction.ts";

const HOUR_MS = 3_600_000;

/** Gives the devices that had to be forgotten for them. */
export function saveSightings(
  tx: Transaction,
  { devices, pickups, fetches, mostUnknown }: Sightings,
): readonly string[] {
  for (const device of devices) saveDevice(tx, device);
  for (const pickup of pickups) {
    if (!isThere(tx, pickup)) continue;
    if (pickup.kind === "assets" && tx.rules.deviceTopics !== "off") tellNewcomer(tx, pickup);
    savePickup(tx, pickup);
  }
  for (const count of fetches) countFetches(tx, count);
  return forgetUnknownDevices(tx, mostUnknown);
}

/** Puts the newest revision of a file into the outbox once more. */
export function announceAgain(tx: Transaction, file: FileKey): boolean {
  const row = readFileRow(tx.db, file);
  if (row === null || row.sha256 === null) return false;
  announce(tx, row);
  return true;
}

/** The same for all the files of a device, to it alone where that can be told. */
export function announceAllTo(tx: Transaction, mac: string): boolean {
  if (readDevice(tx.db, mac) === null) return false;
  for (const { kind, name, wantedRevision: revision } of readPickups(tx.db, mac)) {
    announceTo(tx, mac, { kind, name, revision });
  }
  return true;
}

/** Whoever was given an older revision, and was not known yet when the users of the newest were told. */
function tellNewcomer(tx: Transaction, { mac, kind, name, givenRevision }: NewPickup): void {
  if (givenRevision === null || isUser(tx.db, mac, { kind, name })) return;
  const row = readFileRow(tx.db, { kind, name });
  if (row !== null && row.sha256 !== null && row.revision > givenRevision) announceTo(tx, mac, row);
}

/** The device may have been forgotten, or the file deleted, since they were looked up. */
function isThere({ db }: Transaction, { mac, kind, name }: NewPickup): boolean {
  const sql = `
    select 1 from devices
    where mac = ? and exists (select 1 from files where kind = ? and name = ? and sha256 is not null)`;
  return db.query(sql).get(mac, kind, name) !== null;
}

function savePickup({ db }: Transaction, pickup: NewPickup): void {
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
