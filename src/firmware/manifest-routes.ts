import { noManifest } from "../fault.ts";
import type { AppContext } from "../http/index.ts";
import { parseChip } from "../images/index.ts";
import { manifestOf } from "./manifest.ts";
import { chipFault, existing, type FirmwareParts, type Offered } from "./parts.ts";

/** Of an image, for whoever asks. */
export async function manifest<O extends Offered, S>(
  parts: FirmwareParts<O, S>,
  c: AppContext,
): Promise<Response> {
  return await answer(parts, c, null);
}

/** For one device, whose downloads are then known to be its own. Never of an image that it is not to have. */
export async function deviceManifest<O extends Offered, S>(
  parts: FirmwareParts<O, S>,
  c: AppContext,
): Promise<Response> {
  const mac = parts.parseMac(c.req.param("mac") ?? "");
  return await answer(parts, c, mac);
}

async function answer<O extends Offered, S>(
  parts: FirmwareParts<O, S>,
  c: AppContext,
  mac: string | null,
): Promise<Response> {
  const { store, images, giver, witness, parseFileName } = parts;
  const filename = parseFileName((c.req.param("file") ?? "").slice(0, -".json".length));
  const speaker = witness.speaker(c.req.raw, c.env?.server ?? null, mac ?? undefined);
  witness.came(speaker);
  const offered = existing(await giver.newest({ kind: "assets", name: filename }, c), filename);
  const reading = await images.find(offered.sha256);
  const chip = parseChip(c.req.query("chip") ?? "") ?? (await witness.chipOf(speaker));
  const fault = chipFault(parts, speaker, offered, reading, chip);
  if (fault !== null) throw fault;
  const revision = await store.findRevision(offered, offered.revision);
  const found = manifestOf({ ...offered, message: revision?.message ?? null, mac }, reading);
  if (found === null) throw noManifest(filename);
  // Which device asks decides on whether it is given any, also where it says so by a header alone.
  return Response.json(found, { headers: { "Cache-Control": "private, no-cache" } });
}
