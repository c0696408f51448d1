import * as v from "valibot";
import { type AppContext, readJson } from "../http/index.ts";
import { parseReading } from "../images/index.ts";
import { contentETag, type FileKey } from "../store/index.ts";
import { chipFault, type FirmwareParts, type Offered } from "./parts.ts";
import { findRunning, versionFor } from "./running.ts";
import { readTold } from "./updater.ts";

const MOST_BYTES = 8 * 1024;
const MOST_REPORTED = 32;
/** Those that it reports among them. */
const MOST_FILES = 64;
/** By this name a device reports its own config. */
const CONFIG = "config";

const whole = (least: number, most: number) => {
  const reason = `must be a whole number from ${least} to ${most}, or left out`;
  return v.pipe(v.number(reason), v.integer(reason), v.minValue(least, reason), v.maxValue(most, reason));
};
const word = v.pipe(
  v.string("must name files by strings"),
  v.maxLength(255, "has a name or a value of over 255 characters"),
);

/** What else a device may want to tell is passed over. */
export const CheckInBody = v.looseObject({
  running: v.optional(
    v.pipe(
      v.record(word, word, "must be an object"),
      v.maxEntries(MOST_REPORTED, `must name at most ${MOST_REPORTED} files`),
      v.description(
        "By file, `config` being its own config: the version that runs, or the hash or ETag of what it has",
      ),
    ),
  ),
  rssi: v.optional(v.pipe(v.nullable(whole(-200, 100)), v.description("In dBm"))),
  free_heap: v.optional(v.pipe(v.nullable(whole(0, 2 ** 40)), v.description("In bytes"))),
});

const FileAnswer = v.object({
  file: v.pipe(v.string(), v.description("As it is announced")),
  topic: v.picklist(["configs", "assets"]),
  revision: v.pipe(v.number(), v.integer()),
  etag: v.string(),
  size: v.pipe(v.number(), v.integer(), v.description("In bytes")),
  version: v.pipe(v.string(), v.description("What its image says, else the revision's number")),
  md5: v.pipe(v.nullable(v.string()), v.description("Null where it was not worked out")),
  url: v.pipe(v.string(), v.description("Where its bytes are, on this host")),
  has_it: v.pipe(v.boolean(), v.description("Whether the device said that it has just this")),
});

export const CheckInAnswer = v.object({ mac_address: v.string(), files: v.array(FileAnswer) });

/** A device says what it runs, and is told of the newest of each file that it has a use for. */
export async function checkIn<O extends Offered, S>(
  parts: FirmwareParts<O, S>,
  c: AppContext,
): Promise<Response> {
  const { witness, parseMac } = parts;
  const mac = parseMac(c.req.param("mac") ?? "");
  const { running = {}, rssi, free_heap: freeHeap } = await readJson(c, CheckInBody, MOST_BYTES);
  const speaker = witness.speaker(c.req.raw, c.env?.server ?? null, mac);
  const saysSomething = rssi !== undefined || freeHeap !== undefined;
  witness.came(speaker, saysSomething ? { rssi: rssi ?? null, freeHeap: freeHeap ?? null } : undefined);

  const chip = await witness.chipOf(speaker);
  const files: v.InferOutput<typeof FileAnswer>[] = [];
  for (const { file, told } of await filesOf(parts, mac, running)) {
    const newest = await newestOf(parts, c, { speaker, mac, chip }, file, told);
    if (newest !== null) files.push(newest);
  }
  const body: v.InferOutput<typeof CheckInAnswer> = { mac_address: mac, files };
  return Response.json(body, { headers: { "Cache-Control": "no-store" } });
}

interface Device<S> {
  readonly speaker: S;
  readonly mac: string;
  readonly chip: string | null;
}

/** Null where there is no such file, or its image is for another chip. */
async function newestOf<O extends Offered, S>(
  parts: FirmwareParts<O, S>,
  c: AppContext,
  { speaker, mac, chip }: Device<S>,
  file: FileKey,
  told: string | null,
): Promise<v.InferOutput<typeof FileAnswer> | null> {
  const { store, giver, witness } = parts;
  const offered = await giver.newest(file, c);
  if (offered === null) return null;
  const running = told === null ? null : await findRunning(store, file, readTold(told));
  if (running !== null) witness.runs(speaker, file, running);
  const kept = await store.findReading(offered.sha256);
  const reading = kept === null ? null : parseReading(kept);
  if (chipFault(parts, speaker, offered, reading, running?.chip ?? chip) !== null) return null;
  const { revision, sha256, size, name } = offered;
  const isConfig = file.kind === "configs";
  return {
    file: isConfig ? `${mac}.json` : name,
    topic: file.kind,
    revision,
    etag: contentETag(sha256),
    size,
    version: versionFor(revision, reading),
    md5: reading?.md5 ?? null,
    url: isConfig
      ? `/api/configs/${mac}.json`
      : `/api/assets/${encodeURIComponent(name)}?revision=${revision}&mac=${mac}`,
    has_it: running?.revision === revision,
  };
}

/** Its config, the assets that it reports, and those that it is known to use. */
async function filesOf<O extends Offered, S>(
  { witness, parseFileName }: FirmwareParts<O, S>,
  mac: string,
  running: Readonly<Record<string, string>>,
): Promise<readonly { readonly file: FileKey; readonly told: string | null }[]> {
  const config = [CONFIG, `${mac}.json`];
  const told = new Map(Object.entries(running).filter(([name]) => !config.includes(name)));
  for (const name of told.keys()) parseFileName(name);
  const names = [...new Set([...told.keys(), ...(await witness.assetsOf(mac))])].slice(0, MOST_FILES - 1);
  return [
    { file: { kind: "configs", name: mac }, told: running[CONFIG] ?? running[`${mac}.json`] ?? null },
    ...names
      .toSorted()
      .map((name) => ({ file: { kind: "assets", name } as const, told: told.get(name) ?? null })),
  ];
}
