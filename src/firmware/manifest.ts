import * as v from "valibot";
import type { Reading } from "../images/index.ts";
import { versionFor } from "./running.ts";

/** Where ESP-IDF's and Arduino's partition tables put the first program; an ESP8266's file begins with its loader. */
const PROGRAM_OFFSET = 0x10000;

/** ESPHome shows so much of it, and holds the whole manifest in its memory. */
const MOST_SUMMARY = 255;

/** One document for ESPHome's `update: http_request` and for ESP Web Tools, which pass over one another's members. */
export const Manifest = v.object({
  name: v.string(),
  version: v.string(),
  builds: v.array(
    v.object({
      chipFamily: v.string(),
      ota: v.object({ md5: v.string(), path: v.string(), summary: v.optional(v.string()) }),
      parts: v.array(v.object({ path: v.string(), offset: v.pipe(v.number(), v.integer()) })),
    }),
  ),
});

interface Offered {
  readonly name: string;
  readonly revision: number;
  /** What its maker said of it. */
  readonly message: string | null;
  /** The device that it is for; null: for any. */
  readonly mac: string | null;
}

/** Null where it is no image, or is for a chip that is not known: a manifest has to name it. */
export function manifestOf(offered: Offered, reading: Reading): v.InferOutput<typeof Manifest> | null {
  const { name, revision, message, mac } = offered;
  const { image, md5 } = reading;
  if (image?.chip == null) return null;
  const who = mac === null ? "" : `&mac=${mac}`;
  const path = `/api/assets/${encodedName(name)}?revision=${revision}${who}`;
  const summary = message === null ? {} : { summary: message.slice(0, MOST_SUMMARY).toWellFormed() };
  const offset = image.description === null ? 0 : PROGRAM_OFFSET;
  const isPacked = !reading.runningMd5s.includes(md5); // Only a device that runs can unpack it, no serial cable.
  return {
    name: image.description?.project || name,
    version: versionFor(revision, reading),
    builds: [
      { chipFamily: image.chip, ota: { md5, path, ...summary }, parts: isPacked ? [] : [{ path, offset }] },
    ],
  };
}

/** ESPHome takes every path in which "http" occurs, wherever, for an address of its own (http_request_update.cpp). */
function encodedName(name: string): string {
  return encodeURIComponent(name).replaceAll("http", "%68ttp");
}
