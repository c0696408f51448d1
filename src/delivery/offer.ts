import type { Caller } from "../caller.ts";
import { contentETag, type FileKey, type FileVersion, type Store } from "../store/index.ts";
import type { CurrentFiles } from "./current-files.ts";

/** Which bytes of a file this asker is given. */
export interface Offer extends FileKey {
  readonly revision: number;
  /** Of exactly these bytes. */
  readonly etag: string;
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
  /** Whether another asker may be given other bytes, so that no cache may share the answer. */
  readonly personal: boolean;
  /** Whether these bytes are all that will ever be given at the address that was asked. */
  readonly immutable: boolean;
  /** Whether no part of it is given, also where one is asked for (RFC 9110, section 14.2). */
  readonly wholeOnly: boolean;
  /** When it was made. */
  readonly changedAt: Date;
}

/** Null where there is no such file. Whoever was told of a revision is offered that one or a newer. */
export async function offer(current: CurrentFiles, file: FileKey, caller: Caller): Promise<Offer | null> {
  return decide(await current.find(file), caller);
}

/** The same offer where it can be made from memory; null also where that takes a look at the store. */
export function offerAtHand(current: CurrentFiles, file: FileKey, caller: Caller): Offer | null {
  return decide(current.atHand(file) ?? null, caller);
}

/**
 * The bytes of one revision, the newest or not. Null where that is a delete, is kept no more, or never was. What a config
 * was may be a secret, and is not for caches to keep.
 */
export async function offerRevision(
  store: Store,
  file: FileKey,
  revision: number,
  caller: Caller,
): Promise<Offer | null> {
  const found = await store.findRevision(file, revision);
  if (found?.sha256 == null || found.size === null) return null;
  const offered = decide(
    { ...file, revision, sha256: found.sha256, size: found.size, changedAt: found.createdAt },
    caller,
  );
  return offered === null ? null : { ...offered, immutable: file.kind === "assets" };
}

/** The one place that decides who is given what: today everybody what they ask for. */
function decide(version: FileVersion | null, _caller: Caller): Offer | null {
  if (version === null) return null;
  const { kind, name, revision, sha256, size, changedAt } = version;
  return {
    kind,
    name,
    revision,
    etag: contentETag(sha256),
    sha256,
    size,
    personal: false,
    immutable: false,
    wholeOnly: false,
    changedAt,
  };
}
