import {
  type Announcement,
  type Counts,
  type DeleteOutcome,
  etagOf,
  type FileKey,
  type FileKind,
  type FileVersion,
  type Precondition,
  type Revision,
  type SaveConfig,
  type SaveOutcome,
} from "../../src/store/index.ts";
import { sha256Of } from "./store-under-test.ts";

/** What a change asks of the file, told without its ETag. */
export type Asked = "none" | "absent" | "any" | "current" | "other";

type Waiting = Announcement & { readonly notBeforeMs: number };

const LONGEST_REST_MS = 10 * 60_000;

/** What a store has to hold, as plainly as it can be said: maps and lists, one step after another. */
export class Model {
  readonly #files = new Map<string, { readonly revision: number; readonly version: FileVersion | null }>();
  /** Of each file, the oldest first. */
  readonly #revisions = new Map<string, readonly Revision[]>();
  /** Since when nothing names a blob; null while a revision does. */
  readonly #blobs = new Map<string, number | null>();
  #outbox: Waiting[] = [];

  constructor(private readonly keepRevisions: number) {}

  precondition(file: FileKey, asked: Asked): Precondition {
    const current = this.find(file);
    if (asked === "none" || asked === "absent") return asked;
    if (asked === "any") return { etags: "*" };
    return { etags: asked === "current" && current !== null ? [etagOf(current)] : [`"other"`] };
  }

  saveConfig(save: SaveConfig, now: Date): SaveOutcome {
    const file = { kind: "configs", name: save.mac } as const;
    if (this.find(file) !== null && !save.allowOverwrite) return { kind: "exists" };
    if (!this.#holds(file, save.precondition)) return { kind: "preconditionFailed" };
    return { kind: "saved", version: this.#write(file, save.sha256, save.content.length, now) };
  }

  saveAsset(filename: string, content: string, now: Date): FileVersion {
    const file = { kind: "assets", name: filename } as const;
    this.#blobs.set(sha256Of(content), null);
    return this.#write(file, sha256Of(content), content.length, now);
  }

  delete(file: FileKey, precondition: Precondition, now: Date): DeleteOutcome {
    const before = this.find(file);
    if (before === null) return { kind: "missing" };
    if (!this.#holds(file, precondition)) return { kind: "preconditionFailed" };
    const revision = before.revision + 1;
    this.#files.set(keyOf(file), { revision, version: null });
    this.#record(file, {
      revision,
      sha256: null,
      size: null,
      createdAt: now,
      author: null,
      message: null,
      reading: null,
    });
    this.#outbox = this.#outbox.filter((each) => !isSameFile(each, file));
    return { kind: "deleted", revision };
  }

  find(file: FileKey): FileVersion | null {
    return this.#files.get(keyOf(file))?.version ?? null;
  }

  /** The newest first. */
  revisions(file: FileKey): Revision[] {
    return (this.#revisions.get(keyOf(file)) ?? []).toReversed();
  }

  names(kind: FileKind): string[] {
    return this.#existing(kind)
      .map(({ name }) => name)
      .toSorted();
  }

  counts(): Counts {
    const [configs, assets] = [this.#existing("configs").length, this.#existing("assets").length];
    const oldestAnnouncement = this.#outbox[0]?.committedAt ?? null;
    return { configs, assets, pendingAnnouncements: this.#outbox.length, oldestAnnouncement };
  }

  due(now: Date): Announcement[] {
    const nowMs = now.getTime();
    return this.#outbox
      .filter(({ notBeforeMs }) => notBeforeMs <= nowMs || notBeforeMs > nowMs + LONGEST_REST_MS)
      .map(({ notBeforeMs, ...announcement }) => announcement);
  }

  settle(announcements: readonly Announcement[]): void {
    this.#outbox = this.#outbox.flatMap((each) => {
      if (announcements.some((other) => isSameChange(each, other))) return [];
      const isOlder = (other: Announcement) => isSameFile(each, other) && other.revision < each.revision;
      const committedAt = announcements.some(isOlder) ? this.find(each)?.changedAt : undefined;
      return { ...each, committedAt: committedAt ?? each.committedAt };
    });
  }

  postpone(announcements: readonly Announcement[], notBefore: Date): void {
    this.#outbox = this.#outbox.map((each) => {
      if (!announcements.some((other) => isSameChange(each, other))) return each;
      return { ...each, attempts: each.attempts + 1, notBeforeMs: notBefore.getTime() };
    });
  }

  unnamed(now: Date): string[] {
    const unnamed = [...this.#blobs].filter(([, sinceMs]) => sinceMs !== null && sinceMs <= now.getTime());
    return unnamed.map(([sha256]) => sha256).toSorted();
  }

  forget(sha256s: readonly string[]): void {
    for (const sha256 of sha256s) this.#blobs.delete(sha256);
  }

  #write(file: FileKey, sha256: string, size: number, now: Date): FileVersion {
    const revision = (this.#files.get(keyOf(file))?.revision ?? 0) + 1;
    const version = { ...file, revision, sha256, size, changedAt: now };
    this.#files.set(keyOf(file), { revision, version });
    this.#record(file, {
      revision,
      sha256,
      size,
      createdAt: now,
      author: null,
      message: null,
      reading: null,
    });
    const at = this.#outbox.findIndex((each) => isSameFile(each, file));
    const committedAt = this.#outbox[at]?.committedAt ?? now;
    const waiting = {
      ...file,
      device: null,
      revision,
      attempts: 0,
      committedAt,
      notBeforeMs: 0,
      toldTo: null,
    };
    if (at === -1) this.#outbox.push(waiting);
    else this.#outbox[at] = waiting;
    return version;
  }

  #record(file: FileKey, made: Revision): void {
    const all = [...(this.#revisions.get(keyOf(file)) ?? []), made];
    const kept = all.slice(-this.keepRevisions);
    this.#revisions.set(keyOf(file), kept);
    for (const { sha256 } of all.filter((each) => !kept.includes(each))) {
      const isFree = file.kind === "assets" && sha256 !== null && !this.#isNamed(sha256);
      if (isFree) this.#blobs.set(sha256, made.createdAt.getTime());
    }
  }

  #isNamed(blob: string): boolean {
    const kept = [...this.#revisions].filter(([key]) => key.startsWith("assets/"));
    return kept.some(([, revisions]) => revisions.some(({ sha256 }) => sha256 === blob));
  }

  #holds(file: FileKey, precondition: Precondition): boolean {
    const current = this.find(file);
    if (precondition === "none") return true;
    if (precondition === "absent") return current === null;
    if (current === null) return false;
    return precondition.etags === "*" || precondition.etags.includes(etagOf(current));
  }

  #existing(kind: FileKind): FileVersion[] {
    const all = [...this.#files.values()].flatMap(({ version }) => version ?? []);
    return all.filter((version) => version.kind === kind);
  }
}

function keyOf({ kind, name }: FileKey): string {
  return `${kind}/${name}`;
}

function isSameFile(one: FileKey, other: FileKey): boolean {
  return keyOf(one) === keyOf(other);
}

function isSameChange(one: Announcement, other: Announcement): boolean {
  return isSameFile(one, other) && one.revision === other.revision;
}
