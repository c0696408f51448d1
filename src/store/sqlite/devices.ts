import type { Database } from "bun:sqlite";
import type { Device, DeviceEdit, DeviceQuery, ListedDevice } from "../fleet-store.ts";
import { isOfTheMoment, readPickups, STATE_NOW } from "./pickups.ts";
import type { Transaction } from "./transaction.ts";

const COLUMNS = `mac, devices.name, model, chip, labels, address, last_seen_at, longest_absence_ms, patience_ms,
  is_unknown, rssi, free_heap, reported_at`;

export function readDevice(db: Database, mac: string): Device | null {
  const row = db.query<DeviceRow, [string]>(`select ${COLUMNS} from devices where mac = ?`).get(mac);
  return row === null ? null : deviceOf(row);
}

export function readDevicesNamed(db: Database, macs: readonly string[]): readonly ListedDevice[] {
  return macs.flatMap((mac) => {
    const device = readDevice(db, mac);
    return device === null ? [] : [{ device, pickups: readPickups(db, mac) }];
  });
}

/** Without the addresses of several devices: from behind a proxy, all of them come from one. */
export function readDevicesAt(db: Database, addresses: readonly string[]): ReadonlyMap<string, string> {
  const there = db.query<{ mac: string }, [string]>(`select mac from devices where address = ? limit 2`);
  return new Map(
    addresses.flatMap((address) => {
      const [first, ...others] = there.all(address);
      return first === undefined || others.length > 0 ? [] : [[address, first.mac] as const];
    }),
  );
}

/** A page of the fleet, each device with its files. */
export function readDevices(db: Database, query: DeviceQuery): readonly ListedDevice[] {
  const { after, file } = query;
  // Those that were never here come last: as null, they would be on no page but the first.
  const order = query.sort === "mac" ? "mac" : "coalesce(last_seen_at, 0) desc, mac";
  const beyond =
    query.sort === "mac" ? "mac > $mac" : "(coalesce(last_seen_at, 0), $mac) < ($lastSeenAt, mac)";
  // Who has the file is found by an index, not by asking of each device.
  const ofFile =
    file === null ? "" : "and mac in (select mac from pickups where (kind, name) = ($kind, $name))";
  const sql = `
    select ${COLUMNS} from devices
    where ($mac is null or ${beyond}) ${ofFile}
      and ($q is null or instr(lower(mac), lower($q)) or instr(lower(devices.name), lower($q))
        or instr(lower(model), lower($q)) or instr(lower(labels), lower($q)))
      and ($judged is null or mac in (select mac from pickups where state = $judged))
      and ($state is null and $kind is null or exists (
        select 1 from pickups join files using (kind, name)
        where pickups.mac = devices.mac and files.sha256 is not null
          and ($kind is null or (kind, files.name) = ($kind, $name)) and ($state is null or ${STATE_NOW} = $state)))
    order by ${order} limit $limit`;
  const rows = db.query<DeviceRow, Record<`$${string}`, string | number | null>>(sql).all({
    $mac: after?.mac ?? null,
    $lastSeenAt: after?.lastSeenAt ?? null,
    $q: query.q,
    $state: query.state,
    $judged: query.state === null || isOfTheMoment(query.state) ? null : query.state,
    $kind: file?.kind ?? null,
    $name: file?.name ?? null,
    $limit: query.limit,
    $now: query.now,
  });
  return rows.map((row) => ({ device: deviceOf(row), pickups: readPickups(db, row.mac) }));
}

/** Writes what was seen of a device; what operators call it, and whether it is theirs, stays as it is. */
export function saveDevice({ db }: Transaction, device: Device): void {
  const sql = `
    insert into devices (mac, chip, address, last_seen_at, longest_absence_ms, patience_ms, is_unknown,
      rssi, free_heap, reported_at)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (mac) do update set chip = excluded.chip, address = excluded.address,
      last_seen_at = excluded.last_seen_at, longest_absence_ms = excluded.longest_absence_ms,
      patience_ms = excluded.patience_ms, rssi = excluded.rssi, free_heap = excluded.free_heap, reported_at = excluded.reported_at`;
  const { mac, chip, address, lastSeenAt, longestAbsenceMs, patienceMs, isUnknown, telemetry } = device;
  const { rssi = null, freeHeap = null, at = null } = telemetry ?? {};
  const comings = [lastSeenAt, longestAbsenceMs, patienceMs] as const;
  db.query(sql).run(mac, chip, address, ...comings, Number(isUnknown), rssi, freeHeap, at);
}

/** Gives those that were forgotten. */
export function forgetUnknownDevices({ db }: Transaction, most: number): readonly string[] {
  const sql = `
    delete from devices where mac in (
      select mac from devices where is_unknown = 1 order by last_seen_at desc limit -1 offset ?)
    returning mac`;
  const forgotten = db.query<{ mac: string }, [number]>(sql).all(most);
  for (const { mac } of forgotten) db.query(`delete from pickups where mac = ?`).run(mac);
  return forgotten.map(({ mac }) => mac);
}

export function editDevice(tx: Transaction, mac: string, edit: DeviceEdit): Device | null {
  const before = readDevice(tx.db, mac);
  if (before === null) return null;
  const { name, model, labels } = { ...before, ...edit };
  const sql = `update devices set name = ?, model = ?, labels = ?, is_unknown = 0 where mac = ?`;
  tx.db.query(sql).run(name, model, JSON.stringify(labels), mac);
  return { ...before, name, model, labels, isUnknown: false };
}

/** Its config stays, and so what the fleet shows of that. */
export function forgetDevice(tx: Transaction, mac: string): boolean {
  tx.db.query(`delete from pickups where mac = ?`).run(mac);
  const { changes } = tx.db.query(`delete from devices where mac = ?`).run(mac);
  const sql = `select 1 from files where kind = 'configs' and name = ? and sha256 is not null`;
  if (tx.db.query(sql).get(mac) !== null) expectDevice(tx, mac);
  return changes > 0;
}

/** Makes a place for a device that has a config, whether it was ever here or not. */
export function expectDevice({ db, now }: Transaction, mac: string): void {
  const device = `
    insert into devices (mac, patience_ms, is_unknown) values (?, 0, 0)
    on conflict (mac) do update set is_unknown = 0 where is_unknown = 1`;
  db.query(device).run(mac);
  const pickup = `
    insert into pickups (mac, kind, name, evidence, state, since, judged_revision)
    values (?1, 'configs', ?1, 'null', 'waiting', ?2, 0) on conflict do nothing`;
  db.query(pickup).run(mac, now);
}

/** A device whose config is gone is as unknown as before it had one, unless operators call it something. */
export function expectDeviceNoMore({ db }: Transaction, mac: string): void {
  const sql = `
    update devices set is_unknown = 1
    where mac = ? and name is null and model is null and labels = '{}'`;
  db.query(sql).run(mac);
}

interface DeviceRow {
  readonly mac: string;
  readonly name: string | null;
  readonly model: string | null;
  readonly chip: string | null;
  readonly labels: string;
  readonly address: string | null;
  readonly last_seen_at: number | null;
  readonly longest_absence_ms: number | null;
  readonly patience_ms: number;
  readonly is_unknown: number;
  readonly rssi: number | null;
  readonly free_heap: number | null;
  readonly reported_at: number | null;
}

function deviceOf({
  labels,
  last_seen_at,
  longest_absence_ms,
  patience_ms,
  is_unknown,
  rssi,
  free_heap,
  reported_at,
  ...row
}: DeviceRow): Device {
  return {
    ...row,
    labels: JSON.parse(labels),
    lastSeenAt: last_seen_at,
    longestAbsenceMs: longest_absence_ms,
    patienceMs: patience_ms,
    isUnknown: is_unknown === 1,
    telemetry: reported_at === null ? null : { rssi, freeHeap: free_heap, at: reported_at },
  };
}
