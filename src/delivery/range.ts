/** What a Range header asks for. Positions count bytes from 0; `end` is the last byte that belongs to it. */
export type Range =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly start: number; readonly end: number }
  | { readonly kind: "unsatisfiable" };

/**
 * Reads the Range header of a GET for a file of `size` bytes (RFC 9110 §14). A server may ignore it, and this one does
 * wherever it is not exactly one well-formed range of bytes: then the whole is given.
 */
export function parseRange(header: string | null, size: number): Range {
  if (header === null || header.length > MAX_HEADER_LENGTH) return whole;
  const [, first, last] = oneRange.exec(header) ?? [];
  if (first === undefined || last === undefined) return whole;
  return first === "" ? lastBytes(last, size) : bytesFrom(Number(first), last, size);
}

const MAX_HEADER_LENGTH = 1000;

/** RFC 9110 §14.1.2; the unit's name is case-insensitive (§14.1). */
const oneRange = /^bytes=(\d*)-(\d*)$/i;

const whole: Range = { kind: "whole" };
const unsatisfiable: Range = { kind: "unsatisfiable" };

/** `-500`: the last 500 bytes, or all where there are fewer. */
function lastBytes(length: string, size: number): Range {
  if (length === "") return whole;
  if (Number(length) === 0) return unsatisfiable;
  // The last bytes of nothing are satisfiable (§14.1.2), but no Content-Range can say so.
  return size === 0 ? whole : { kind: "part", start: Math.max(0, size - Number(length)), end: size - 1 };
}

/** `500-` or `500-999`. One that ends before it starts is malformed (§14.1.2), not unsatisfiable. */
function bytesFrom(start: number, last: string, size: number): Range {
  const end = last === "" ? Number.POSITIVE_INFINITY : Number(last);
  if (end < start) return whole;
  return start >= size ? unsatisfiable : { kind: "part", start, end: Math.min(end, size - 1) };
}
