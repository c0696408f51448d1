import type { Device, FleetStore, NewPickup } from "../store/index.ts";
import type { Gathered, Gathering } from "./gathering.ts";
import { afterSightings, afterVisit, evidenceOf, judged } from "./sightings.ts";

/** So many are judged anew in one go; the others' turn comes a second later. */
const MOST_DUE = 2_000;

export interface Kept {
  /** Addresses that are no device's, or several devices'. */
  readonly strangers: readonly string[];
  /** How long after the change each device had the whole of it, of those that now have. */
  readonly delaysMs: readonly number[];
}

/** Writes what was gathered, judged as of `now` (milliseconds since 1970), and judges anew what time alone has changed. */
export async function keep(
  {
    fleet,
    maxUnknownDevices: mostUnknown,
  }: { readonly fleet: FleetStore; readonly maxUnknownDevices: number },
  { visits, gathered, fetches }: Gathering,
  now: number,
): Promise<Kept> {
  const devices = new Map<string, Device>();
  for (const visit of visits) devices.set(visit.mac, await afterVisit(fleet, visit));
  const seen = await pickupsSeen(fleet, gathered, devices, now);
  const pickups = [
    ...(await duePickups(fleet, devices, now)),
    ...(await pickupsOf(fleet, devices, now)),
    ...seen.pickups, // Of the same ones, the last that is written stays.
  ];
  if (devices.size + pickups.length + fetches.length > 0) {
    await fleet.saveSightings({ devices: [...devices.values()], pickups, fetches, mostUnknown });
  }
  return seen;
}

async function pickupsSeen(
  fleet: FleetStore,
  gathered: readonly Gathered[],
  devices: ReadonlyMap<string, Device>,
  now: number,
): Promise<Kept & { readonly pickups: readonly NewPickup[] }> {
  const pickups: NewPickup[] = [];
  const strangers: string[] = [];
  const delaysMs: number[] = [];
  for (const { mac: known, address, file, sightings } of gathered) {
    const mac = known ?? (address === null ? null : await fleet.findDeviceAt(address));
    if (mac === null && address !== null) strangers.push(address);
    const device = mac === null ? null : (devices.get(mac) ?? (await fleet.findDevice(mac)));
    if (device === null) continue; // Somebody, but no device that we know.
    const after = await afterSightings(fleet, { device, file, sightings, isGuessed: known === null }, now);
    if (after === null) continue;
    pickups.push(after.pickup);
    if (after.delayMs !== null) delaysMs.push(after.delayMs);
  }
  return { pickups, strangers, delaysMs };
}

/** A visit says something of all that a device has, whatever it came for: that it is there, and so alive. */
async function pickupsOf(
  fleet: FleetStore,
  devices: ReadonlyMap<string, Device>,
  now: number,
): Promise<readonly NewPickup[]> {
  const changed: NewPickup[] = [];
  for (const device of devices.values()) {
    for (const pickup of await fleet.listPickups(device.mac)) {
      const again = judged(device, pickup, evidenceOf(pickup), pickup, now);
      if (again.state !== pickup.state) changed.push(again);
    }
  }
  return changed;
}

/** Time alone changes some judgements: who was fetching has given up, who was expected stays away. */
async function duePickups(
  fleet: FleetStore,
  devices: ReadonlyMap<string, Device>,
  now: number,
): Promise<readonly NewPickup[]> {
  const due: NewPickup[] = [];
  for (const pickup of await fleet.listDuePickups(now, MOST_DUE)) {
    const device = devices.get(pickup.mac) ?? (await fleet.findDevice(pickup.mac));
    if (device !== null) due.push(judged(device, pickup, evidenceOf(pickup), pickup, now));
  }
  return due;
}
