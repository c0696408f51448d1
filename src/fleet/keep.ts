import type {
  Device,
  FileKey,
  FleetStore,
  ListedDevice,
  NewPickup,
  Wanted,
  WantedPickup,
} from "../store/index.ts";
import type { Gathered, Gathering } from "./gathering.ts";
import { afterSightings, afterVisit, evidenceOf, judged, type Visit } from "./sightings.ts";

/** So many are judged anew in one go; the others' turn comes a second later. */
const MOST_DUE = 2_000;
/** So many devices are read, judged and written together, some milliseconds' work: between them, others have their turn. */
const MOST_AT_ONCE = 100;

export interface Kept {
  /** Addresses that are no device's, or several devices'. */
  readonly strangers: readonly string[];
  /** How long after the change each device had the whole of it, of those that now have. */
  readonly delaysMs: readonly number[];
}

interface KeepParts {
  readonly fleet: FleetStore;
  readonly maxUnknownDevices: number;
}

/** Writes what was gathered, judged as of `now` (milliseconds since 1970), and judges anew what time alone has changed. */
export async function keep(
  parts: KeepParts,
  { visits, gathered, fetches }: Gathering,
  now: number,
): Promise<Kept> {
  const { fleet, maxUnknownDevices: mostUnknown } = parts;
  const visitOf = new Map(visits.map((visit) => [visit.mac, visit]));
  const due = await fleet.listDueDevices(now, MOST_DUE);
  const named = gathered.filter(({ mac }) => mac !== null);
  const delaysMs = await keepOf(
    parts,
    visitOf,
    byMac(named, ({ mac }) => mac),
    due,
    now,
  );
  // Only now: a device that came for its config a moment ago, by its MAC, is known by its address from then on.
  const others = gathered.filter(({ mac }) => mac === null);
  const addresses = [...new Set(others.flatMap(({ address }) => address ?? []))];
  const macAt = await (addresses.length === 0 ? new Map<string, string>() : fleet.findDevicesAt(addresses));
  const guessed = byMac(others, ({ address }) => macAt.get(address ?? "") ?? null);
  delaysMs.push(...(await keepOf(parts, new Map(), guessed, [], now)));
  if (fetches.length > 0) await fleet.saveSightings({ devices: [], pickups: [], fetches, mostUnknown });
  return { strangers: addresses.filter((address) => !macAt.has(address)), delaysMs };
}

function byMac(
  gathered: readonly Gathered[],
  macOf: (each: Gathered) => string | null,
): ReadonlyMap<string, readonly Gathered[]> {
  const seenOf = new Map<string, Gathered[]>();
  for (const each of gathered) {
    const mac = macOf(each);
    if (mac !== null) seenOf.set(mac, [...(seenOf.get(mac) ?? []), each]);
  }
  return seenOf;
}

/** Gives how long after the change each device had the whole of it, of those that now have. */
async function keepOf(
  { fleet, maxUnknownDevices: mostUnknown }: KeepParts,
  visitOf: ReadonlyMap<string, Visit>,
  seenOf: ReadonlyMap<string, readonly Gathered[]>,
  due: readonly string[],
  now: number,
): Promise<number[]> {
  const macs = [...new Set([...visitOf.keys(), ...seenOf.keys(), ...due])];
  const wantedOf = new Map<string, Wanted | null>();
  const delaysMs: number[] = [];
  for (let at = 0; at < macs.length; at += MOST_AT_ONCE) {
    const some = macs.slice(at, at + MOST_AT_ONCE);
    const known = new Map((await fleet.findDevices(some)).map((each) => [each.device.mac, each]));
    const firstSeen = some.flatMap((mac) => newFiles(known.get(mac), seenOf.get(mac) ?? []));
    for (const file of firstSeen) {
      if (!wantedOf.has(keyOf(file))) wantedOf.set(keyOf(file), await fleet.findWanted(file));
    }
    const after = some.flatMap((mac) => {
      const [before, visit, seen] = [known.get(mac), visitOf.get(mac), seenOf.get(mac) ?? []];
      return afterAll(before ?? null, visit ?? null, seen, wantedOf, now) ?? [];
    });
    delaysMs.push(...after.flatMap((each) => each.delaysMs));
    await fleet.saveSightings({
      devices: after.filter(({ device }) => visitOf.has(device.mac)).map(({ device }) => device),
      pickups: after.flatMap(({ pickups }) => pickups),
      fetches: [],
      mostUnknown,
    });
  }
  return delaysMs;
}

/** What a device was seen with for the first time. */
function newFiles(known: ListedDevice | undefined, seen: readonly Gathered[]): readonly FileKey[] {
  const keys = new Set(known?.pickups.map(keyOf));
  return seen.map(({ file }) => file).filter((file) => !keys.has(keyOf(file)));
}

interface AfterAll {
  readonly device: Device;
  readonly pickups: readonly NewPickup[];
  readonly delaysMs: readonly number[];
}

/** Null of who is no device that we know. Files that are no more have no revision in `wantedOf`. */
function afterAll(
  known: ListedDevice | null,
  visit: Visit | null,
  seen: readonly Gathered[],
  wantedOf: ReadonlyMap<string, Wanted | null>,
  now: number,
): AfterAll | null {
  const before = known?.device ?? null;
  const device = visit === null ? before : afterVisit(before, visit);
  if (device === null) return null;
  const kept = new Map((known?.pickups ?? []).map((pickup) => [keyOf(pickup), pickup]));
  const changed = new Map<string, NewPickup>();
  const delaysMs: number[] = [];
  for (const { mac, file, sightings } of seen) {
    const key = keyOf(file);
    const pickup = kept.get(key) ?? null;
    const wanted = pickup ?? wantedOf.get(key) ?? null;
    if (wanted === null) continue;
    const after = afterSightings(pickup, wanted, { device, file, sightings, isGuessed: mac === null }, now);
    kept.set(key, { ...wanted, ...after.pickup });
    changed.set(key, after.pickup);
    if (after.delayMs !== null) delaysMs.push(after.delayMs);
  }
  for (const [key, pickup] of kept) {
    const again = changed.has(key) ? null : judgedAgain(device, pickup, now);
    if (again !== null) changed.set(key, again);
  }
  return { device, pickups: [...changed.values()], delaysMs };
}

/** A visit, or time alone, says something of all that a device has. Null where that changes nothing. */
function judgedAgain(device: Device, pickup: WantedPickup, now: number): NewPickup | null {
  const again = judged(device, pickup, evidenceOf(pickup), pickup, now);
  const isSame =
    again.state === pickup.state &&
    again.until === pickup.until &&
    again.judgedRevision === pickup.judgedRevision;
  return isSame ? null : again;
}

function keyOf({ kind, name }: FileKey): string {
  return `${kind}/${name}`;
}
