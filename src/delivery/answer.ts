import { rangeNotSatisfiable } from "../fault.ts";
import { checkIfMatch, ifNoneMatchHolds, ifRangeHolds } from "../http/index.ts";
import type { Offer } from "./offer.ts";
import { parseRange } from "./range.ts";

/** A config's content, whole. */
export function answerWhole(request: Request, offer: Offer, bytes: Uint8Array<ArrayBuffer>): Response {
  checkIsMeant(request, offer);
  if (hasIt(request, offer)) return notModified(offer);
  const response = versioned(offer, bytes, 200, ofConfigs);
  response.headers.set("Content-Length", String(offer.size));
  return response;
}

/**
 * An asset, or the part of it that is asked for. `open` gives the bytes from `start` to `end`, both included; where it has
 * none to give, there is no answer either.
 */
export function answerWithRanges<None extends null = never>(
  request: Request,
  offer: Offer,
  open: (range?: { readonly start: number; readonly end: number }) => Blob | None,
): Response | None {
  checkIsMeant(request, offer);
  if (hasIt(request, offer)) return notModified(offer);

  const { size, name } = offer;
  const range = parseRange(rangeHeader(request, offer), size);
  if (range.kind === "unsatisfiable") throw rangeNotSatisfiable(size);
  const isPart = range.kind === "part";
  const body = isPart ? open(range) : open();
  if (!(body instanceof Blob)) return body;
  const response = versioned(offer, body, isPart ? 206 : 200, ofAssets);
  const { headers } = response;
  headers.set("Content-Disposition", `attachment; filename*=UTF-8''${extendedValue(name)}`);
  if (isPart) {
    const { start, end } = range;
    headers.set("Content-Length", String(end - start + 1));
    headers.set("Content-Range", `bytes ${start}-${end}/${size}`);
    return response;
  }
  headers.set("Content-Length", String(size));
  // Bun answers a Range by itself, whatever If-Range said, unless this header is there. It means nothing on
  // a 200 (RFC 9110, section 14.4).
  if (request.headers.has("Range") && size > 0) headers.set("Content-Range", `bytes 0-${size - 1}/${size}`);
  return response;
}

/** As a header's parameter may have it, in which more has to be encoded than in an address (RFC 8187, section 3.2.1). */
function extendedValue(name: string): string {
  return encodeURIComponent(name).replace(
    /['()*]/g,
    (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Range counts for GET alone, and where If-Range names another version, not at all (RFC 9110, section 13.1.5). */
function rangeHeader({ method, headers }: Request, { etag, wholeOnly }: Offer): string | null {
  if (method !== "GET" || wholeOnly) return null;
  const ifRange = headers.get("If-Range");
  return ifRange === null || ifRangeHolds(ifRange, etag) ? headers.get("Range") : null;
}

/** Throws the fault of a request that is meant for another version, before all else that it asks (RFC 9110, section 13.2.2). */
export function checkIsMeant({ headers }: Request, { kind, name, etag }: Offer): void {
  checkIfMatch(headers, etag, `${kind === "configs" ? "config" : "asset"} ${name}`);
}

/** Whether the client says that it has just this version. */
export function hasIt({ headers }: Request, { etag }: Offer): boolean {
  const ifNoneMatch = headers.get("If-None-Match");
  return ifNoneMatch !== null && !ifNoneMatchHolds(ifNoneMatch, etag);
}

/** With the headers that a 200 would have had of the version (RFC 9110, section 15.4.5). */
export function notModified(offer: Offer): Response {
  return versioned(offer, null, 304, ofVersions);
}

/** Headers copied from others cost a fraction of headers made from names and values: those that never change are kept. */
const ofVersions = new Headers({ "Cache-Control": "no-cache" });
const ofConfigs = new Headers({ "Content-Type": "application/json", "Cache-Control": "no-cache" });
const ofAssets = new Headers({
  "Content-Type": "application/octet-stream",
  "Cache-Control": "no-cache",
  "Accept-Ranges": "bytes",
});

/** A year, as long as anybody keeps anything (RFC 8246). */
const FOR_EVER = "max-age=31536000, immutable";

function versioned(
  { etag, revision, personal, immutable }: Offer,
  body: Blob | Uint8Array<ArrayBuffer> | null,
  status: number,
  common: Headers,
): Response {
  const response = new Response(body, { status, headers: common });
  const { headers } = response;
  headers.set("ETag", etag);
  headers.set("X-Revision", String(revision));
  if (immutable) headers.set("Cache-Control", FOR_EVER);
  if (personal) headers.set("Cache-Control", "private, no-cache");
  return response;
}
