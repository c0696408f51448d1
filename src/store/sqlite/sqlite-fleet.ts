import type { Database } from "bun:sqlite";
import type { FileKey, FileRevision } from "../file-key.ts";
import type {
  Convergence,
  Device,
  DeviceEdit,
  DeviceQuery,
  FleetStore,
  ListedDevice,
  Sightings,
  Wanted,
  WantedPickup,
} from "../fleet-store.ts";
import { readDevice } from "./devices.ts";
import { readPickups, readUsers, readWanted } from "./pickups.ts";
import type { ReaderThread } from "./reader-thread.ts";
import type { WriterThread } from "./writer-thread.ts";

/** The fleet in SQLite: look-ups by key here, what may touch many rows in the reading thread, writes in the writing one. */
export class SqliteFleet implements FleetStore {
  constructor(
    private readonly db: Database,
    private readonly reader: ReaderThread,
    private readonly writer: WriterThread,
  ) {}

  async findDevice(mac: string): Promise<Device | null> {
    return readDevice(this.db, mac);
  }

  findDevices(macs: readonly string[]): Promise<readonly ListedDevice[]> {
    return this.reader.read("readDevicesNamed", macs);
  }

  findDevicesAt(addresses: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return this.reader.read("readDevicesAt", addresses);
  }

  async findWanted(file: FileKey): Promise<Wanted | null> {
    return readWanted(this.db, file);
  }

  async listUsers(file: FileKey, after: string, most: number): Promise<readonly string[]> {
    return readUsers(this.db, file, after, most);
  }

  async listPickups(mac: string): Promise<readonly WantedPickup[]> {
    return readPickups(this.db, mac);
  }

  listDueDevices(now: number, most: number): Promise<readonly string[]> {
    return this.reader.read("readDueDevices", now, most);
  }

  listDevices(query: DeviceQuery): Promise<readonly ListedDevice[]> {
    return this.reader.read("readDevices", query);
  }

  readConvergence(file: FileKey, revision: number | null, now: number): Promise<Convergence | null> {
    return this.reader.read("readConvergence", file, revision, now);
  }

  countStates(now: number): Promise<Readonly<Record<string, number>>> {
    return this.reader.read("readStates", now);
  }

  async saveSightings(sightings: Sightings): Promise<void> {
    await this.writer.write("saveSightings", sightings);
  }

  editDevice(mac: string, edit: DeviceEdit): Promise<Device | null> {
    return this.writer.write("editDevice", mac, edit);
  }

  forgetDevice(mac: string): Promise<boolean> {
    return this.writer.write("forgetDevice", mac);
  }

  announceAgain(file: FileKey): Promise<boolean> {
    return this.writer.write("announceAgain", file);
  }

  announceAllTo(mac: string): Promise<boolean> {
    return this.writer.write("announceAllTo", mac);
  }

  listFilesToReannounce(now: number, most: number): Promise<readonly FileRevision[]> {
    return this.reader.read("readFilesToReannounce", now, most);
  }

  reannounce(files: readonly FileRevision[]): Promise<void> {
    return this.writer.write("reannounce", files);
  }
}
