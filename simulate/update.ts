import { type Program, programIn } from "./program.ts";
import { type Answer, ask, type DeviceRequest, type Line } from "./request.ts";

/** What a device asks for its firmware with. */
export interface Asker {
  /** Of the service. */
  readonly url: string;
  readonly firmware: string;
  readonly mac: string;
  /** As Arduino's `?chip=`; null where the device does not say. */
  readonly chip: string | null;
  readonly running: Program;
  readonly line: Line;
  /** Told of each answer with bytes, as its head comes. */
  readonly began: (revision: number) => void;
}

/** How it went. `notThere` and `refused` are final until something changes; after the others a device tries again. */
export type Update =
  | { readonly kind: "taken"; readonly program: Program }
  | { readonly kind: "unchanged"; readonly revision: number }
  | { readonly kind: "notThere" | "refused" | "cutOff" | "noAnswer" };

const FREE_SPACE_BYTES = 16 * 1024 * 1024;
const PART_BYTES = 64 * 1024;

/** As arduino-esp32's HTTPUpdate: HTTP/1.0, and what runs in headers. */
export async function updateByArduino(asker: Asker): Promise<Update> {
  const { running, mac, chip } = asker;
  const path = `/api/firmware/${encodeURIComponent(asker.firmware)}`;
  const mark = mac.replaceAll("-", ":").toUpperCase();
  const headers = {
    "User-Agent": "ESP32-http-Update",
    "Cache-Control": "no-cache",
    "x-ESP32-STA-MAC": mark,
    "x-ESP32-free-space": String(FREE_SPACE_BYTES),
    "x-ESP32-sketch-md5": running.md5,
    "x-ESP32-sketch-sha256": running.digest,
    "x-ESP32-mode": "sketch",
    ...(running.version !== null && { "x-ESP32-version": running.version }),
  };
  const url = new URL(chip === null ? path : `${path}?chip=${chip}`, asker.url);
  const answer = await askAndTell(asker, { method: "GET", url, httpVersion: "1.0", headers }, asker.line);
  if (answer?.status !== 200 || !answer.isWhole) return withoutBytes(answer);
  const isSame =
    new Bun.CryptoHasher("md5").update(answer.body).digest("hex") === answer.headers.get("x-md5");
  return isSame ? taken(answer, answer.body) : { kind: "cutOff" };
}

/** As firmware that fetches by itself: the whole file, unless it has it. */
export async function updatePlainly(asker: Asker): Promise<Update> {
  const { etag } = asker.running;
  const answer = await askAndTell(asker, request("GET", fileUrl(asker), { etag }), asker.line);
  if (answer?.status !== 200 || !answer.isWhole) return withoutBytes(answer);
  return taken(answer, answer.body);
}

/** As esp_https_ota with `partial_http_download`: HEAD, then parts of the revision that there was then, each on a connection of its own. */
export async function updateInRanges(asker: Asker): Promise<Update> {
  const { etag } = asker.running;
  const { breaksAt } = asker.line;
  const head = await ask(request("HEAD", fileUrl(asker), { etag }), { ...asker.line, breaksAt: null });
  if (head?.status !== 200) return withoutBytes(head);
  const size = Number(head.headers.get("content-length"));
  const url = fileUrl(asker, `/revisions/${revisionIn(head)}`);
  const parts: Buffer[] = [];
  for (let at = 0; at < size; at += PART_BYTES) {
    const range = at + PART_BYTES < size ? `bytes=${at}-${at + PART_BYTES - 1}` : `bytes=${at}-`;
    const part = await askAndTell(asker, request("GET", url, { range }), { ...asker.line, breaksAt: null });
    if (part?.status !== 206 || !part.isWhole) return withoutBytes(part);
    parts.push(part.body);
    if (breaksAt !== null && at + PART_BYTES >= breaksAt * size && at + PART_BYTES < size)
      return { kind: "cutOff" };
  }
  return taken(head, Buffer.concat(parts));
}

async function askAndTell(asker: Asker, asked: DeviceRequest, line: Line): Promise<Answer | null> {
  return await ask(asked, line, (head) => {
    if (head.status === 200 || head.status === 206) asker.began(revisionIn(head));
  });
}

function request(
  method: "GET" | "HEAD",
  url: URL,
  { etag = null, range }: { readonly etag?: string | null; readonly range?: string },
): DeviceRequest {
  const headers = {
    "User-Agent": "ESP32 HTTP Client/1.0",
    ...(etag !== null && { "If-None-Match": etag }),
    ...(range !== undefined && { Range: range }),
  };
  return { method, url, httpVersion: "1.1", headers };
}

/** Nothing else in these requests says who asks. */
function fileUrl({ url, firmware, mac }: Asker, more = ""): URL {
  return new URL(`/api/assets/${encodeURIComponent(firmware)}${more}?mac=${mac}`, url);
}

function taken(answer: Answer, bytes: Buffer): Update {
  const program = programIn(bytes, revisionIn(answer), answer.headers.get("etag") ?? null);
  return program === null ? { kind: "cutOff" } : { kind: "taken", program };
}

function withoutBytes(answer: Answer | null): Update {
  if (answer === null) return { kind: "noAnswer" };
  const { status, isWhole } = answer;
  if (status === 304) return { kind: "unchanged", revision: revisionIn(answer) };
  if (status === 404) return { kind: "notThere" };
  if (status === 403 || status === 409) return { kind: "refused" };
  return { kind: status < 300 && !isWhole ? "cutOff" : "noAnswer" };
}

function revisionIn({ headers }: Pick<Answer, "headers">): number {
  return Number(headers.get("x-revision"));
}
