import { forbidden, noManifest, recordNotFound, wrongChip } from "../fault.ts";
import type { AppContext, HttpListener, Routes } from "../http/index.ts";
import type { Images, Reading } from "../images/index.ts";
import type { FileKey, Store } from "../store/index.ts";
import { manifestOf } from "./manifest.ts";
import { findRunning, type Running, runs, versionFor } from "./running.ts";
import { readUpdater, type Updater } from "./updater.ts";

/** Which bytes this asker is given. */
interface Offered extends FileKey {
  readonly revision: number;
  readonly sha256: string;
  readonly size: number;
}

/** Gives files to whom they are offered. */
interface Giver<O extends Offered> {
  offerAsset(filename: string, c: AppContext): Promise<O | null>;
  give(offered: O, c: AppContext): Response;
  /** Says that the asker has it. */
  unchanged(offered: O, c: AppContext): Response;
}

/** Knows devices, and hears what they say of themselves. */
interface Witness {
  chipOf(request: Request): Promise<string | null>;
  runs(request: Request, listener: HttpListener | null, file: FileKey, running: Running): void;
  refused(request: Request, listener: HttpListener | null, offered: Offered, reason: string): void;
}

export interface FirmwareParts<O extends Offered> {
  readonly store: Store;
  readonly images: Images;
  readonly giver: Giver<O>;
  readonly witness: Witness;
  readonly parseFileName: (text: string) => string;
}

/** What Arduino's updaters, ESPHome and ESP Web Tools ask for. */
export function firmwareRoutes<O extends Offered>(parts: FirmwareParts<O>): Routes {
  return (app) => {
    app.get("/api/firmware/:filename", (c) => firmware(parts, c));
    app.get("/api/firmware/:filename/manifest.json", (c) => manifest(parts, c));
  };
}

async function firmware<O extends Offered>(parts: FirmwareParts<O>, c: AppContext): Promise<Response> {
  c.set("answersOwnId", false);
  const { offered, reading } = await offer(parts, c);
  const updater = readUpdater(c.req.raw);
  if (updater.mode === "version") {
    const headers = {
      "x-version": versionFor(offered.revision, reading),
      "Content-Type": "application/octet-stream",
      "Content-Length": "0",
    };
    return new Response(null, { headers });
  }
  const hasIt = await isProgramKnown(parts, offered, reading, updater, c);
  if (hasIt) return parts.giver.unchanged(offered, c);
  const response = parts.giver.give(offered, c);
  if (response.status === 200) {
    response.headers.set("x-MD5", reading.md5);
    response.headers.set("x-SHA256", offered.sha256);
  }
  return response;
}

/** Whether the device has it. Throws the fault of why it cannot take it. Of a file system, its version alone says something. */
async function isProgramKnown<O extends Offered>(
  { store, witness }: FirmwareParts<O>,
  offered: O,
  reading: Reading,
  updater: Updater,
  c: AppContext,
): Promise<boolean> {
  const { raw: request } = c.req;
  const listener = c.env?.server ?? null;
  if (updater.mode !== null && updater.mode !== "sketch") {
    return updater.version === versionFor(offered.revision, reading);
  }
  const running = await findRunning(store, offered, updater);
  const chip = updater.chip ?? running?.chip ?? (await witness.chipOf(request));
  if (running !== null) witness.runs(request, listener, offered, { ...running, chip });
  if (runs(updater, offered.revision, reading)) return true;

  const built = reading.image?.chip ?? null;
  if (built !== null && chip !== null && built !== chip) {
    witness.refused(request, listener, offered, `it is for ${built}, and the device is an ${chip}`);
    throw wrongChip(offered.name, built, chip);
  }
  const { freeSpace } = updater;
  if (freeSpace !== null && offered.size > freeSpace) {
    const reason = `it has ${offered.size} bytes, and the device has room for ${freeSpace}`;
    witness.refused(request, listener, offered, reason);
    throw forbidden(`free-space: ${reason}`); // Of all refusals, Arduino names 401, 403 and 404 alone.
  }
  return false;
}

async function manifest<O extends Offered>(parts: FirmwareParts<O>, c: AppContext): Promise<Response> {
  const { offered, reading } = await offer(parts, c);
  const found = manifestOf(offered, reading);
  if (found === null) throw noManifest(offered.name);
  return Response.json(found, { headers: { "Cache-Control": "no-cache" } });
}

async function offer<O extends Offered>({ giver, images, parseFileName }: FirmwareParts<O>, c: AppContext) {
  const filename = parseFileName(c.req.param("filename") ?? "");
  const offered = await giver.offerAsset(filename, c);
  if (offered === null) throw recordNotFound("asset", filename);
  return { offered, reading: await images.find(offered.sha256) };
}
