import type { FileKey, FileRevision } from "./file-key.ts";

/** A device as operators see it, apart from its files. Times are milliseconds since 1970. */
export interface Device {
  readonly mac: string;
  readonly name: string | null;
  readonly model: string | null;
  readonly chip: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** From where it last came. */
  readonly address: string | null;
  readonly lastSeenAt: number | null;
  readonly longestAbsenceMs: number | null;
  /** How long it may stay away before it is missed. */
  readonly patienceMs: number;
  /** What it said of itself when it last checked in; null: it never did. */
  readonly telemetry: Telemetry | null;
  /** Whether nobody of ours has said that there is such a device, by a config or by a name: it may be anybody's word. */
  readonly isUnknown: boolean;
}

/** What a device measures of itself; null where it did not say. */
export interface Telemetry {
  /** How strong its radio receives, in dBm. */
  readonly rssi: number | null;
  /** In bytes. */
  readonly freeHeap: number | null;
  readonly at: number;
}

export type DeviceEdit = Partial<Pick<Device, "name" | "model" | "labels">>;

/**
 * What was seen of a device and a file. The evidence is JSON, and the store's to keep, not to read, but for `isGuessed`:
 * whether this device uses this file is then only a guess.
 */
interface Pickup extends FileKey {
  readonly mac: string;
  readonly evidence: string;
  readonly fetchedRevision: number | null;
  readonly fetchedAt: number | null;
  readonly state: string;
  readonly since: number;
  /** When it is to be judged anew, though nothing is seen; null: never. */
  readonly until: number | null;
  /** The newest revision when it was judged. */
  readonly judgedRevision: number;
}

/** The newest revision of a file: made at `changedAt`, and announced at `announcedAt` if it was. */
export interface Wanted {
  readonly wantedRevision: number;
  readonly changedAt: number;
  readonly announcedAt: number | null;
}

/** A pickup to be kept. */
export interface NewPickup extends Pickup {
  /** The newest revision that the device was given or shows that it has; null where it was given nothing, or that is a guess. */
  readonly givenRevision: number | null;
}

export interface WantedPickup extends Pickup, Wanted {}

/** What was seen in a while, to be kept together. */
export interface Sightings {
  readonly devices: readonly Device[];
  readonly pickups: readonly NewPickup[];
  readonly fetches: readonly FetchCount[];
  /** Beyond so many unknown devices, the one that was not here for longest is forgotten. */
  readonly mostUnknown: number;
}

export interface FetchCount {
  readonly kind: FileKey["kind"];
  readonly status: number;
  readonly n: number;
}

export interface DeviceQuery {
  /** In the MAC, the name, the model or the labels, in any case. */
  readonly q: string | null;
  readonly state: string | null;
  readonly file: FileKey | null;
  readonly sort: "mac" | "last_seen";
  readonly after: DevicePlace | null;
  readonly limit: number;
  readonly now: number;
}

/** Where a list goes on. */
export interface DevicePlace {
  readonly mac: string;
  readonly lastSeenAt: number;
}

export interface ListedDevice {
  readonly device: Device;
  readonly pickups: readonly WantedPickup[];
}

export interface Convergence {
  readonly revision: number;
  readonly changedAt: number;
  readonly announcedAt: number | null;
  readonly states: Readonly<Record<string, number>>;
  /** From the change to each device's complete fetch of this revision, in milliseconds, ascending. */
  readonly delaysMs: readonly number[];
  /** Devices that have not been seen to have this revision or a newer one, nor say that they run it: the first thousand, sorted. */
  readonly behind: readonly string[];
  readonly devices: number;
}

/**
 * What is known of the fleet. Unlike the files, it may lose the last moments at a crash: it says what was seen, and is
 * not answered for.
 */
export interface FleetStore {
  findDevice(mac: string): Promise<Device | null>;
  /** Those of these that there are, each with its files. */
  findDevices(macs: readonly string[]): Promise<readonly ListedDevice[]>;
  /** By address, the one device that was last seen there; without those of no device, or of several. */
  findDevicesAt(addresses: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Null where there is no such file. */
  findWanted(file: FileKey): Promise<Wanted | null>;
  /** The MACs of the devices that are known to use a file: those after this one, in order, at most so many. */
  listUsers(file: FileKey, after: string, most: number): Promise<readonly string[]>;
  /** Of the files that there are, sorted by kind and name. */
  listPickups(mac: string): Promise<readonly WantedPickup[]>;
  /** Devices with a file that is to be judged anew by now, those first that wait for longest: at most so many. */
  listDueDevices(now: number, most: number): Promise<readonly string[]>;
  listDevices(query: DeviceQuery): Promise<readonly ListedDevice[]>;
  /** Null where there is no such revision. */
  readConvergence(file: FileKey, revision: number | null, now: number): Promise<Convergence | null>;
  /** How many devices have a file in this state; each is counted once for each state of its files. */
  countStates(now: number): Promise<Readonly<Record<string, number>>>;

  /**
   * A device that is new to an asset, and was given one older than the newest, is told of that where it has a topic of its
   * own: its turn may have come before it was known. What was seen of a device or a file that is gone is dropped.
   */
  saveSightings(sightings: Sightings): Promise<void>;
  /** Null where there is no such device. */
  editDevice(mac: string, edit: DeviceEdit): Promise<Device | null>;
  /** Forgets a device and what was seen of it; false where there is none. Its config stays. */
  forgetDevice(mac: string): Promise<boolean>;
  /** Puts the newest revision of a file into the outbox once more; false where there is no such file. */
  announceAgain(file: FileKey): Promise<boolean>;
  /** The same for all the files of a device, to it alone where devices have topics of their own; false where there is no such device. */
  announceAllTo(mac: string): Promise<boolean>;
  /**
   * Files to announce again, because a device that was here before and is not silent now did not begin with them, or
   * gave up. Each is due ten minutes after its announcement, then after twice as long each time, at most once a day; the
   * longest due come first, at most so many.
   */
  listFilesToReannounce(now: number, most: number): Promise<readonly FileRevision[]>;
  /** Puts these into the outbox once more, except those that have changed meanwhile. */
  reannounce(files: readonly FileRevision[]): Promise<void>;
}
