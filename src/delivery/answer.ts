import { rangeNotSatisfiable } from "../fault.ts";
import { type AppContext, ifNoneMatchHolds, ifRangeHolds } from "../http/index.ts";
import type { Offer } from "./offer.ts";
import { parseRange } from "./range.ts";

/** A config's content, whole. */
export function answerWhole(
  c: AppContext,
  offer: Offer,
  type: string,
  bytes: Uint8Array<ArrayBuffer>,
): Response {
  return notModified(c, offer) ?? new Response(bytes, { headers: headersOf(offer, type) });
}

/** An asset, or the part of it that is asked for. `open` gives the bytes from `start` to `end`, both included. */
export function answerWithRanges(
  c: AppContext,
  offer: Offer,
  type: string,
  open: (range?: { readonly start: number; readonly end: number }) => Blob,
): Response {
  const unchanged = notModified(c, offer);
  if (unchanged !== null) return unchanged;

  const { size } = offer;
  const headers = headersOf(offer, type);
  headers["Accept-Ranges"] = "bytes";
  headers["Content-Disposition"] = `attachment; filename*=UTF-8''${encodeURIComponent(offer.name)}`;
  const range = parseRange(rangeHeader(c, offer), size);
  if (range.kind === "unsatisfiable") throw rangeNotSatisfiable(size);
  if (range.kind === "part") {
    const { start, end } = range;
    headers["Content-Length"] = String(end - start + 1);
    headers["Content-Range"] = `bytes ${start}-${end}/${size}`;
    return new Response(open(range), { status: 206, headers });
  }
  // Bun answers a Range by itself, whatever If-Range said, unless this header is there. It means nothing on
  // a 200 (RFC 9110, section 14.4).
  if (c.req.header("Range") !== undefined && size > 0)
    headers["Content-Range"] = `bytes 0-${size - 1}/${size}`;
  return new Response(open(), { headers });
}

/** Range counts for GET alone, and where If-Range names another version, not at all (RFC 9110, section 13.1.5). */
function rangeHeader(c: AppContext, { etag }: Offer): string | undefined {
  if (c.req.method !== "GET") return undefined;
  const ifRange = c.req.header("If-Range");
  if (ifRange !== undefined && !ifRangeHolds(ifRange, etag)) return undefined;
  return c.req.header("Range");
}

function notModified(c: AppContext, offer: Offer): Response | null {
  const ifNoneMatch = c.req.header("If-None-Match");
  if (ifNoneMatch === undefined || ifNoneMatchHolds(ifNoneMatch, offer.etag)) return null;
  return new Response(null, { status: 304, headers: versionHeaders(offer) });
}

function headersOf(offer: Offer, type: string): Record<string, string> {
  return { "Content-Type": type, "Content-Length": String(offer.size), ...versionHeaders(offer) };
}

/** What a 304 says too (RFC 9110, section 15.4.5). */
function versionHeaders({ etag, revision, personal }: Offer): Record<string, string> {
  return {
    ETag: etag,
    "X-Revision": String(revision),
    "Cache-Control": personal ? "private, no-cache" : "no-cache",
  };
}
