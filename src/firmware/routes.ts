import { forbidden } from "../fault.ts";
import type { AppContext, Routes } from "../http/index.ts";
import type { Reading } from "../images/index.ts";
import { checkIn } from "./check-in.ts";
import { deviceManifest, manifest } from "./manifest-routes.ts";
import { chipFault, existing, type FirmwareParts, lookedUp, type Offered } from "./parts.ts";
import { findRunning, runs, versionFor } from "./running.ts";
import { readUpdater, type Updater } from "./updater.ts";

/** What Arduino's updaters, ESPHome, ESP Web Tools and sleeping devices ask for. */
export function firmwareRoutes<O extends Offered, S>(parts: FirmwareParts<O, S>): Routes {
  return (app) => {
    app.get("/api/firmware/:filename", (c) => firmware(parts, c));
    app.get("/api/manifests/:file{[^/]+\\.json}", (c) => manifest(parts, c));
    app.get("/api/devices/:mac/manifests/:file{[^/]+\\.json}", (c) => deviceManifest(parts, c));
    app.post("/api/devices/:mac/checkin", (c) => checkIn(parts, c));
    app.get("/api/assets/:filename/md5", (c) => hash(parts, c, "md5"));
    app.get("/api/assets/:filename/sha256", (c) => hash(parts, c, "sha256"));
  };
}

/** What the device says of itself decides on the answer. */
const OF_THE_ASKER = "private, no-cache";

async function firmware<O extends Offered, S>(parts: FirmwareParts<O, S>, c: AppContext): Promise<Response> {
  c.set("answersOwnId", false);
  const { giver, images, parseFileName } = parts;
  const filename = parseFileName(c.req.param("filename") ?? "");
  const offered = existing(await giver.offerAsset(filename, c), filename);
  const reading = await images.find(offered.sha256);
  const updater = readUpdater(c.req.raw);
  if (updater.mode === "version") {
    const headers = {
      "x-version": versionFor(offered.revision, reading),
      "Content-Type": "application/octet-stream",
      "Content-Length": "0",
      "Cache-Control": OF_THE_ASKER,
    };
    return new Response(null, { headers });
  }
  const hasIt = await isProgramKnown(parts, offered, reading, updater, c);
  const response = hasIt ? giver.unchanged(offered, c) : giver.give(offered, c);
  response.headers.set("Cache-Control", OF_THE_ASKER);
  if (response.status === 200) {
    response.headers.set("x-MD5", reading.md5);
    response.headers.set("x-SHA256", offered.sha256);
  }
  return response;
}

/** Whether the device has it. Throws the fault of why it cannot take it. Of a file system, its version alone says something. */
async function isProgramKnown<O extends Offered, S>(
  parts: FirmwareParts<O, S>,
  offered: O,
  reading: Reading,
  updater: Updater,
  c: AppContext,
): Promise<boolean> {
  const { store, witness } = parts;
  if (updater.mode !== null && updater.mode !== "sketch") {
    return updater.version === versionFor(offered.revision, reading);
  }
  const speaker = witness.speaker(c.req.raw, c.env?.server ?? null);
  const running = await findRunning(store, offered, updater);
  const chip = updater.chip ?? running?.chip ?? (await witness.chipOf(speaker));
  if (running !== null) witness.runs(speaker, offered, { ...running, chip });
  if (runs(updater, running, offered.revision, reading)) return true;
  const fault = chipFault(parts, speaker, offered, reading, chip);
  if (fault !== null) throw fault;
  const { freeSpace } = updater;
  if (freeSpace !== null && offered.size > freeSpace) {
    const reason = `it has ${offered.size} bytes, and the device has room for ${freeSpace}`;
    witness.refused(speaker, offered, reason);
    throw forbidden(`free-space: ${reason}`); // Of all refusals, Arduino names 401, 403 and 404 alone.
  }
  return false;
}

/** For ESPHome's `md5_url` and Arduino's `setMD5sumUrl`, which want the digits and nothing else. */
async function hash<O extends Offered, S>(
  parts: FirmwareParts<O, S>,
  c: AppContext,
  kind: "md5" | "sha256",
): Promise<Response> {
  const offered = await lookedUp(parts, parts.parseFileName(c.req.param("filename") ?? ""), c);
  const digits = kind === "sha256" ? offered.sha256 : (await parts.images.find(offered.sha256)).md5;
  const headers = {
    "Content-Type": "text/plain",
    "Cache-Control": "no-cache",
    "X-Revision": String(offered.revision),
  };
  return new Response(digits, { headers });
}
