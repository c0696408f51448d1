import { type Images, parseReading, type Reading, versionOf } from "../images/index.ts";
import type { Device, FileKey, Revision, Store } from "../store/index.ts";
import type { Update } from "./entity.ts";

/** How far a device is with a file, as the fleet has it. */
interface DeviceFile extends FileKey {
  readonly wantedRevision: number;
  readonly state: string;
  readonly percent: number | null;
  readonly fetchedRevision: number | null;
  readonly running: { readonly revision: number | null; readonly version: string } | null;
  readonly isGuessed: boolean;
}

export interface DeviceView {
  readonly device: Device;
  readonly files: readonly DeviceFile[];
}

/** What is to be shown of a device: its config, and each image that it is known to use. */
export async function updatesOf(
  store: Store,
  images: Images,
  { files }: DeviceView,
): Promise<readonly Update[]> {
  const updates = await Promise.all(
    files.filter(({ isGuessed }) => !isGuessed).map((file) => updateOf(store, images, file)),
  );
  return updates.filter((update) => update !== null);
}

/** Null where there is nothing to show: it is no image, or was deleted a moment ago. */
async function updateOf(store: Store, images: Images, file: DeviceFile): Promise<Update | null> {
  const { kind, name, wantedRevision, state, percent } = file;
  const wanted = await store.findRevision(file, wantedRevision);
  if (wanted === null || wanted.sha256 === null) return null;
  const reading = kind === "assets" ? await readingOf(images, wanted) : null;
  if (kind === "assets" && reading?.image == null) return null;
  return {
    kind,
    name,
    installed: await installedOf(store, images, file),
    latest: versionFor(wantedRevision, reading),
    summary: wanted.message,
    isFetching: state === "fetching",
    percent,
  };
}

/** What the device says that it runs; else the revision that it was seen to fetch. Never more than was seen. */
async function installedOf(store: Store, images: Images, file: DeviceFile): Promise<string | null> {
  const { kind, running, fetchedRevision } = file;
  const seen = running === null ? fetchedRevision : running.revision;
  if (seen === null) return running?.version ?? null;
  const revision = kind === "assets" ? await store.findRevision(file, seen) : null;
  return versionFor(seen, revision === null ? null : await readingOf(images, revision));
}

/**
 * The revision's number always stands in it: of two images with the same version one is an update of the other, and one
 * that was rolled back to is offered too, as Home Assistant offers whatever it cannot compare.
 */
function versionFor(revision: number, reading: Reading | null): string {
  const version = reading === null ? null : versionOf(reading);
  return version === null ? String(revision) : `${version} (${revision})`;
}

/** Null where there are no bytes of it any more. */
async function readingOf(images: Images, { sha256, reading }: Revision): Promise<Reading | null> {
  if (reading !== null) return parseReading(reading);
  if (sha256 === null) return null;
  return await images.find(sha256).catch(() => null); // Its blob may be gone by now.
}
