import type { Device, FileKey, FleetStore, WantedPickup } from "../store/index.ts";
import type { State } from "./grade.ts";
import { evidenceOf, gradeOf } from "./sightings.ts";

/** A file of a device, and how far it is with it: what others than operators are told of the fleet. */
interface DeviceFile extends FileKey {
  readonly wantedRevision: number;
  readonly state: State;
  /** From 0 to 100; null where nothing shows it. */
  readonly percent: number | null;
  /** The newest revision that it was seen to have. */
  readonly fetchedRevision: number | null;
  /** What the device says that it runs; the revision is null where that is none that we know. */
  readonly running: { readonly revision: number | null; readonly version: string } | null;
  /** Whether it is known by an address alone that it was this device. */
  readonly isGuessed: boolean;
}

interface DeviceView {
  readonly device: Device;
  readonly files: readonly DeviceFile[];
}

/** Null where there is no such device, or it has done no more than to ask for a config that there is not. */
export async function viewDevice(fleet: FleetStore, mac: string, now: Date): Promise<DeviceView | null> {
  const device = await fleet.findDevice(mac);
  if (device === null) return null;
  const pickups = await fleet.listPickups(mac);
  if (device.isUnknown && pickups.length === 0) return null;
  return { device, files: pickups.map((pickup) => fileOf(device, pickup, now.getTime())) };
}

function fileOf(device: Device, pickup: WantedPickup, now: number): DeviceFile {
  const evidence = evidenceOf(pickup);
  const { state, percent } = gradeOf(device, evidence, pickup, now);
  return {
    kind: pickup.kind,
    name: pickup.name,
    wantedRevision: pickup.wantedRevision,
    state,
    percent,
    fetchedRevision: evidence.fetched?.revision ?? null,
    running: evidence.running,
    isGuessed: evidence.isGuessed,
  };
}
