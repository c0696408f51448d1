import type { Caller } from "../caller.ts";
import type { FileKey } from "./file-key.ts";
import type { FleetStore } from "./fleet-store.ts";
import type { PublishedStore } from "./published-store.ts";

/** The newest state of a file that exists. */
export interface FileVersion extends FileKey {
  /** 1, 2, 3, … per file, never used again, also not after a delete. */
  readonly revision: number;
  /** Of the file's bytes, lower-case hex. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  readonly changedAt: Date;
}

/** A committed change of a file, told to those who watch the store. `version` is null after a delete. */
export interface Change extends FileKey {
  readonly revision: number;
  readonly version: FileVersion | null;
}

/** Devices of which more is known, or nothing any more. */
export interface DeviceChange {
  readonly macs: readonly string[];
}

/** A change of a file as its history keeps it. A delete has neither hash nor size. */
export interface Revision {
  readonly revision: number;
  readonly sha256: string | null;
  /** In bytes. */
  readonly size: number | null;
  readonly createdAt: Date;
  /** Who made it; null for one who has proven no name. */
  readonly author: string | null;
  /** What its maker said of it. */
  readonly message: string | null;
  /** What an asset's bytes say of themselves; null where they were not read yet. */
  readonly reading: string | null;
}

/** What a list shows of a config. */
export interface ConfigSummary {
  readonly mac: string;
  readonly deviceName: string | null;
  readonly deviceEntityId: string | null;
  readonly enableOta: boolean | null;
}

export interface Config extends ConfigSummary {
  readonly version: FileVersion;
  /** The content's bytes as they were written. */
  readonly content: Uint8Array<ArrayBuffer>;
}

/**
 * What must hold of a file for a change of it to be made: nothing, that there is none, or that its ETag
 * (see `etagOf`) is one of those, `*` standing for any.
 */
export type Precondition = "none" | "absent" | { readonly etags: readonly string[] | "*" };

export interface NewConfig extends ConfigSummary {
  readonly content: Uint8Array;
  readonly sha256: string;
}

export interface SaveConfig extends NewConfig {
  readonly allowOverwrite: boolean;
  readonly precondition: Precondition;
  readonly message: string | null;
}

export interface NewAsset {
  readonly filename: string;
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  /** The claim that has kept the blob since before it was placed. */
  readonly claim: number;
}

export interface SaveAsset extends NewAsset {
  readonly precondition: Precondition;
  readonly message: string | null;
  /** What its bytes say of themselves, as JSON; null where they were not read. */
  readonly reading: string | null;
}

export interface DeleteFile extends FileKey {
  readonly precondition: Precondition;
}

interface Saved {
  readonly kind: "saved";
  readonly version: FileVersion;
}

export type SaveOutcome = SaveAssetOutcome | { readonly kind: "exists" };

export type SaveAssetOutcome = Saved | { readonly kind: "preconditionFailed" };

export type DeleteOutcome =
  | { readonly kind: "deleted"; readonly revision: number }
  | { readonly kind: "missing" }
  | { readonly kind: "preconditionFailed" };

/** A row of the outbox: this file's change has not been acknowledged by the broker yet. */
export interface Announcement extends FileKey {
  /** The only device that it is for; null: all whom the file concerns. */
  readonly device: string | null;
  readonly revision: number;
  /** How far it was when it was put to rest: the relay's to say. Null: nobody was told. */
  readonly toldTo: string | null;
  /** How often the broker has refused it. */
  readonly attempts: number;
  /** When the oldest of the changes that it tells of was committed. */
  readonly committedAt: Date;
}

/** An announcement that waits until then before it is tried again. */
export interface Postponement extends Announcement {
  readonly notBefore: Date;
}

export interface Counts {
  readonly configs: number;
  readonly assets: number;
  /** Announcements not yet acknowledged. */
  readonly pendingAnnouncements: number;
  /** When the announcement that is next in turn was committed. */
  readonly oldestAnnouncement: Date | null;
}

/** A page of a list sorted by name: those after `after`, at most `limit`. */
export interface Page {
  readonly after: string | null;
  readonly limit: number;
}

/**
 * What is kept, and the only place with SQL. A verb that writes has its effect on disk, flushed, when it
 * answers, and no effect at all when it throws. It throws the faults `STORAGE_FULL` and `STORE_UNAVAILABLE`.
 *
 * A save commits together with its announcement, where the store was opened to announce.
 */
export interface Store {
  /** Resolves when the store can no longer write, which nothing but a new start mends. */
  readonly failed: Promise<Error>;

  /** Why nothing can be saved at present: it has failed, or the disk is full. Null while all is well. */
  readonly trouble: string | null;

  /** What is known of who has what. */
  readonly fleet: FleetStore;

  /** What another system was shown of it. */
  readonly published: PublishedStore;

  saveConfig(save: SaveConfig, caller: Caller): Promise<SaveOutcome>;
  /** Names a blob, in place already, as the asset's newest bytes, and gives up the claim on it where it does. */
  saveAsset(save: SaveAsset, caller: Caller): Promise<SaveAssetOutcome>;
  /**
   * Leaves a tombstone, so that revisions go on; drops an announcement that still waits. The file's history stays,
   * except on a full disk, where a delete has to make room.
   */
  deleteFile(file: DeleteFile, caller: Caller): Promise<DeleteOutcome>;

  findConfig(mac: string): Promise<Config | null>;
  findAsset(filename: string): Promise<FileVersion | null>;
  /** A config's bytes as they were; null where that revision is a delete, is kept no more, or never was. */
  findContent(mac: string, revision: number): Promise<Uint8Array<ArrayBuffer> | null>;
  /** The file's revisions that are kept, newest first: those below `before` (null: from the newest), at most `limit`. */
  listRevisions(file: FileKey, before: number | null, limit: number): Promise<readonly Revision[]>;
  findRevision(file: FileKey, revision: number): Promise<Revision | null>;
  /** What a blob's bytes say of themselves, as JSON and the store's to keep, not to read; null where it was not read yet. */
  findReading(sha256: string): Promise<string | null>;
  /** Keeps that as long as the blob; without effect where there is none. */
  keepReading(sha256: string, reading: string): Promise<void>;
  /** Sorted by MAC. `q` keeps those where it occurs in the MAC, the name or the entity id, in any case. */
  listConfigs(page: Page & { readonly q: string | null }): Promise<readonly ConfigSummary[]>;
  /** Sorted by file name. */
  listAssets(page: Page): Promise<readonly FileVersion[]>;
  counts(): Promise<Counts>;
  /** Calls `listener` for each committed change, before the change is answered and can be announced. */
  onChange(listener: (change: Change) => void): void;
  /** Calls `listener` with the devices of which something was kept, or which were edited or forgotten. */
  onDevices(listener: (change: DeviceChange) => void): void;
  /** Calls `listener` for each write that finds no room. */
  onFull(listener: () => void): void;

  /** The oldest announcements that are due, at most `most`. They stay in the outbox. */
  claimAnnouncements(most: number): Promise<readonly Announcement[]>;
  /** Forgets announcements, except those whose file has changed again meanwhile. May wait a little, for others' flush. */
  settleAnnouncements(announcements: readonly Announcement[]): Promise<void>;
  /** Lets announcements rest, counting the attempt, except those whose file has changed meanwhile. */
  postponeAnnouncements(postponements: readonly Postponement[]): Promise<void>;

  /** Keeps the blob of this hash from being collected for an hour, whether it is there yet or not. */
  claimBlob(sha256: string): Promise<number>;
  /** Gives up a claim whose upload has come to nothing. */
  releaseClaim(claim: number): Promise<void>;
  /** Blobs that no revision names since `unnamedFor` milliseconds or longer, and nobody claims; at most 1,000. */
  listUnnamedBlobs(unnamedForMs: number): Promise<readonly string[]>;
  /** Forgets what deleted files were, a thousand revisions at a time, so that their bytes can go: room is short. */
  forgetDeletedFiles(): Promise<void>;
  /** Forgets blobs that were removed. */
  forgetBlobs(sha256s: readonly string[]): Promise<void>;

  close(): Promise<void>;
}

/**
 * The strong ETag that a file's precondition is held against. An asset's names its bytes. A config's names
 * the revision besides, since the operator's answer about it is more than the bytes.
 */
export function etagOf(version: Pick<FileVersion, "kind" | "revision" | "sha256">): string {
  if (version.kind === "assets") return contentETag(version.sha256);
  return `"${version.revision}-${version.sha256.slice(0, 32)}"`;
}

/** The strong ETag of a file's bytes as devices are given them (RFC 9110, section 8.8.3). */
export function contentETag(sha256: string): string {
  return `"${sha256}"`;
}
