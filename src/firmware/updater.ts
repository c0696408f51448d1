import { ESP8266, parseChip } from "../images/index.ts";

/** What Arduino's `HTTPUpdate` and `ESP8266httpUpdate` say of the device, as far as it can be read. */
export interface Updater {
  /** What it is to write: `sketch`, or a file system; on ESP8266 `version` asks for no bytes. Null where it does not say. */
  readonly mode: string | null;
  readonly version: string | null;
  /** Of what it runs, in lower-case hex. */
  readonly md5: string | null;
  readonly sha256: string | null;
  /** The ETag of what it has, without quotes; no updater sends one. */
  readonly etag: string | null;
  /** How many bytes it has room for. */
  readonly freeSpace: number | null;
  /** Its family; no header names it on ESP32, so that an address may: `?chip=`. */
  readonly chip: string | null;
}

/** Reads the headers of arduino-esp32's HTTPUpdate.cpp and of ESP8266httpUpdate.cpp. What makes no sense is passed over. */
export function readUpdater(request: Request): Updater {
  const { headers } = request;
  const say = (name: string) => headers.get(`x-ESP32-${name}`) ?? headers.get(`x-ESP8266-${name}`);
  const mode = say("mode");
  const isEsp8266 = headers.has("x-ESP8266-mode") || headers.has("x-ESP8266-Chip-ID");
  const chip = new URL(request.url, "http://device").searchParams.get("chip");
  return {
    mode,
    version: say("version") || null,
    md5: matching(say("sketch-md5"), /^[\da-f]{32}$/i),
    sha256: matching(say("sketch-sha256"), /^[\da-f]{64}$/i),
    etag: null,
    freeSpace: numberOf(matching(say("free-space"), /^\d{1,12}$/)),
    chip: isEsp8266 ? ESP8266 : parseChip(chip ?? ""),
  };
}

/** What a device says in one word of what it runs or has: an ETag, a hash or a version. */
export function readTold(text: string): Updater {
  const told = text.trim().replace(/^(W\/)?"(.*)"$/, "$2");
  const md5 = matching(told, /^[\da-f]{32}$/i);
  const sha256 = matching(told, /^[\da-f]{64}$/i);
  const version = md5 === null && sha256 === null && told !== "" ? told : null;
  return { mode: null, version, md5, sha256, etag: told.toLowerCase(), freeSpace: null, chip: null };
}

function matching(text: string | null, pattern: RegExp): string | null {
  return text !== null && pattern.test(text) ? text.toLowerCase() : null;
}

function numberOf(digits: string | null): number | null {
  return digits === null ? null : Number(digits);
}
