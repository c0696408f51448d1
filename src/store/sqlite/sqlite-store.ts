import type { Database } from "bun:sqlite";
import { authorOf, type Caller } from "../../caller.ts";
import type { FileKey } from "../file-key.ts";
import type { FleetStore } from "../fleet-store.ts";
import type { PublishedStore } from "../published-store.ts";
import type {
  Announcement,
  Change,
  Config,
  ConfigSummary,
  Counts,
  DeleteFile,
  DeleteOutcome,
  DeviceChange,
  FileVersion,
  Page,
  Postponement,
  Revision,
  SaveAsset,
  SaveAssetOutcome,
  SaveConfig,
  SaveOutcome,
  Store,
} from "../store.ts";
import { readUnnamedBlobs } from "./blobs.ts";
import { readDueAnnouncements, settledOf } from "./outbox.ts";
import { ReaderThread } from "./reader-thread.ts";
import { findReading } from "./readings.ts";
import { readAsset, readConfig, readContent, readCounts } from "./reads.ts";
import { readRevision, readRevisions } from "./revisions.ts";
import { SqliteFleet } from "./sqlite-fleet.ts";
import { SqlitePublished } from "./sqlite-published.ts";
import type { Outcome, Verb, Write } from "./writer.ts";
import { WriterThread } from "./writer-thread.ts";
import type { WriterOptions } from "./writer-worker.ts";

/** The store in SQLite: look-ups by key here, lists in one thread, every write in another. */
export class SqliteStore implements Store {
  readonly failed: Promise<Error>;
  readonly fleet: FleetStore;
  readonly published: PublishedStore;
  readonly #writer: WriterThread;
  readonly #lists: ReaderThread;
  readonly #listeners: ((change: Change) => void)[] = [];
  readonly #deviceListeners: ((change: DeviceChange) => void)[] = [];
  readonly #fullListeners: (() => void)[] = [];

  constructor(
    private readonly db: Database,
    private readonly lock: Disposable,
    private readonly now: () => Date,
    options: WriterOptions,
  ) {
    this.#writer = new WriterThread(options, now, {
      done: (write, outcome) => this.#tell(write, outcome),
      full: () => {
        for (const listener of this.#fullListeners) listener();
      },
    });
    this.#lists = new ReaderThread(options.databasePath);
    this.failed = this.#writer.failed;
    this.fleet = new SqliteFleet(db, this.#lists, this.#writer);
    this.published = new SqlitePublished(db, this.#lists, this.#writer);
  }

  get trouble(): string | null {
    return this.#writer.trouble;
  }

  saveConfig(save: SaveConfig, caller: Caller): Promise<SaveOutcome> {
    return this.#writer.write("saveConfig", save, authorOf(caller));
  }

  saveAsset(save: SaveAsset, caller: Caller): Promise<SaveAssetOutcome> {
    return this.#writer.write("saveAsset", save, authorOf(caller));
  }

  deleteFile(file: DeleteFile, caller: Caller): Promise<DeleteOutcome> {
    return this.#writer.write("deleteFile", file, authorOf(caller));
  }

  async findConfig(mac: string): Promise<Config | null> {
    return readConfig(this.db, mac);
  }

  async findAsset(filename: string): Promise<FileVersion | null> {
    return readAsset(this.db, filename);
  }

  async findContent(mac: string, revision: number): Promise<Uint8Array<ArrayBuffer> | null> {
    return readContent(this.db, mac, revision);
  }

  async listRevisions(file: FileKey, before: number | null, limit: number): Promise<readonly Revision[]> {
    return readRevisions(this.db, file, before ?? Number.MAX_SAFE_INTEGER, limit);
  }

  async findRevision(file: FileKey, revision: number): Promise<Revision | null> {
    return readRevision(this.db, file, revision);
  }

  async findReading(sha256: string): Promise<string | null> {
    return findReading(this.db, sha256);
  }

  keepReading(sha256: string, reading: string): Promise<void> {
    return this.#writer.write("keepReading", sha256, reading);
  }

  listConfigs(page: Page & { readonly q: string | null }): Promise<readonly ConfigSummary[]> {
    return this.#lists.read("readConfigs", page);
  }

  listAssets(page: Page): Promise<readonly FileVersion[]> {
    return this.#lists.read("readAssets", page);
  }

  async counts(): Promise<Counts> {
    return readCounts(this.db);
  }

  onChange(listener: (change: Change) => void): void {
    this.#listeners.push(listener);
  }

  onDevices(listener: (change: DeviceChange) => void): void {
    this.#deviceListeners.push(listener);
  }

  onFull(listener: () => void): void {
    this.#fullListeners.push(listener);
  }

  /**
   * Asked of the writing thread while changes are on their way: what it answers, delivery has been told of before. A
   * look past it could find a change that is still to be told, and announce what nobody is given yet.
   */
  async claimAnnouncements(most: number): Promise<readonly Announcement[]> {
    if (!this.#writer.isQuiet) return this.#writer.write("claimAnnouncements", most);
    return readDueAnnouncements(this.db, this.now().getTime(), most);
  }

  async settleAnnouncements(announcements: readonly Announcement[]): Promise<void> {
    const settled = announcements.map(settledOf);
    if (settled.length > 0) await this.#writer.writeAlong("settleAnnouncements", settled);
  }

  async postponeAnnouncements(postponements: readonly Postponement[]): Promise<void> {
    if (postponements.length > 0) await this.#writer.write("postponeAnnouncements", postponements);
  }

  claimBlob(sha256: string): Promise<number> {
    return this.#writer.write("claimBlob", sha256);
  }

  releaseClaim(claim: number): Promise<void> {
    return this.#writer.write("releaseClaim", claim);
  }

  async listUnnamedBlobs(unnamedForMs: number): Promise<readonly string[]> {
    return readUnnamedBlobs(this.db, this.now().getTime(), unnamedForMs);
  }

  forgetDeletedFiles(): Promise<void> {
    return this.#writer.write("forgetDeletedFiles");
  }

  async forgetBlobs(sha256s: readonly string[]): Promise<void> {
    if (sha256s.length > 0) await this.#writer.write("forgetBlobs", sha256s);
  }

  async close(): Promise<void> {
    await this.#lists.close();
    this.db.close();
    await this.#writer.close(); // The last to close takes the log into the database.
    this.lock[Symbol.dispose]();
  }

  #tell(write: Write, outcome: Outcome<Verb>): void {
    const change = changeMade(write, outcome);
    if (change !== null) for (const listener of this.#listeners) listener(change);
    for (const devices of devicesChangedBy(write, outcome)) {
      for (const listener of this.#deviceListeners) listener(devices);
    }
  }
}

/** What a committed write has changed of devices. */
export function devicesChangedBy(write: Write, outcome: Outcome<Verb>): readonly DeviceChange[] {
  if (write[0] === "saveSightings") {
    const [, { devices, pickups }] = write;
    const seen = [...devices, ...pickups].map(({ mac }) => mac);
    const forgotten = outcome as Outcome<"saveSightings">;
    return [{ macs: [...new Set([...seen, ...forgotten])] }];
  }
  if (write[0] === "editDevice" || write[0] === "forgetDevice") {
    const [, mac] = write;
    return [{ macs: [mac] }];
  }
  return [];
}

/** The change that a committed write made of a file, if it made one. */
function changeMade(write: Write, outcome: Outcome<Verb>): Change | null {
  if (typeof outcome !== "object" || outcome === null || !("kind" in outcome)) return null;
  if (outcome.kind === "saved") {
    const { version } = outcome;
    return { kind: version.kind, name: version.name, revision: version.revision, version };
  }
  if (outcome.kind === "deleted" && write[0] === "deleteFile") {
    const [, { kind, name }] = write;
    return { kind, name, revision: outcome.revision, version: null };
  }
  return null;
}
