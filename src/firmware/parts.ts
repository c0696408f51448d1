import { type Fault, recordNotFound, revisionNotFound, wrongChip } from "../fault.ts";
import { type AppContext, type HttpListener, parseRevision } from "../http/index.ts";
import type { Images, Reading } from "../images/index.ts";
import type { FileKey, Store } from "../store/index.ts";
import type { Running } from "./running.ts";

/** Which bytes this asker is given. */
export interface Offered extends FileKey {
  readonly revision: number;
  readonly sha256: string;
  readonly size: number;
}

/** Gives files to whom they are offered. */
interface Giver<O extends Offered> {
  /** What an asker is given who fetches: of who goes on with a download, what it began. */
  offerAsset(filename: string, c: AppContext): Promise<O | null>;
  /** What an asker is given who begins. */
  newest(file: FileKey, c: AppContext): Promise<O | null>;
  assetRevision(filename: string, revision: number, c: AppContext): Promise<O | null>;
  give(offered: O, c: AppContext): Response;
  /** Says that the asker has it. */
  unchanged(offered: O, c: AppContext): Response;
}

/** Knows devices, and hears what they say of themselves. */
interface Witness<S> {
  speaker(request: Request, listener: HttpListener | null, mac?: string): S;
  chipOf(speaker: S): Promise<string | null>;
  assetsOf(mac: string): Promise<readonly string[]>;
  came(speaker: S, said?: { readonly rssi: number | null; readonly freeHeap: number | null }): void;
  runs(speaker: S, file: FileKey, running: Running): void;
  refused(speaker: S, offered: Offered, reason: string): void;
}

export interface FirmwareParts<O extends Offered, S> {
  readonly store: Store;
  readonly images: Images;
  readonly giver: Giver<O>;
  readonly witness: Witness<S>;
  /** How a part of a path becomes a name; each throws the fault of what is none. */
  readonly parseMac: (text: string) => string;
  readonly parseFileName: (text: string) => string;
}

/** The newest revision that an asker may have, or the one of `?revision=`. Throws `recordNotFound` or `revisionNotFound`. */
export async function lookedUp<O extends Offered, S>(
  { giver }: FirmwareParts<O, S>,
  filename: string,
  c: AppContext,
): Promise<O> {
  const number = c.req.query("revision");
  if (number === undefined)
    return existing(await giver.newest({ kind: "assets", name: filename }, c), filename);
  const revision = parseRevision(number, "revision");
  const found = await giver.assetRevision(filename, revision, c);
  if (found === null) throw revisionNotFound("asset", filename, revision);
  return found;
}

export function existing<O>(offered: O | null, filename: string): O {
  if (offered === null) throw recordNotFound("asset", filename);
  return offered;
}

/**
 * The fault of an image that is for another chip than the device's, which is then known to be refused; null where it is
 * not, as far as both are known.
 */
export function chipFault<O extends Offered, S>(
  { witness }: FirmwareParts<O, S>,
  speaker: S,
  offered: O,
  reading: Reading | null,
  chip: string | null,
): Fault | null {
  const built = reading?.image?.chip ?? null;
  if (built === null || chip === null || built === chip) return null;
  witness.refused(speaker, offered, `it is for ${built}, and the device is an ${chip}`);
  return wrongChip(offered.name, built, chip);
}
