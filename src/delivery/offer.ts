import type { Caller } from "../caller.ts";
import { contentETag, type FileKey, type FileVersion } from "../store/index.ts";
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
}

/** Null where there is no such file. Whoever was told of a revision is offered that one or a newer. */
export async function offer(current: CurrentFiles, file: FileKey, caller: Caller): Promise<Offer | null> {
  return decide(await current.find(file), caller);
}

/** The same offer where it can be made from memory; null also where that takes a look at the store. */
export function offerAtHand(current: CurrentFiles, file: FileKey, caller: Caller): Offer | null {
  return decide(current.atHand(file) ?? null, caller);
}

/** The one place that decides who is given what: today everybody the newest. */
function decide(newest: FileVersion | null, _caller: Caller): Offer | null {
  if (newest === null) return null;
  const { kind, name, revision, sha256, size } = newest;
  return { kind, name, revision, etag: contentETag(sha256), sha256, size, personal: false };
}
