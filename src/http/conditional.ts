/**
 * Whether `If-Match` lets a request go on (RFC 9110 §13.1.1): true where it is `*`, or one of its tags is the current
 * bytes' own; false means 412. Tags are compared strongly (§8.8.3.2), so that a weak one names nothing.
 */
export function ifMatchHolds(header: string, etag: string): boolean {
  const tags = readEntityTags(header);
  return tags === "*" || tags.includes(etag);
}

/**
 * Whether `If-None-Match` lets a request go on (RFC 9110 §13.1.2): true where none of its tags names the current bytes;
 * false means 304. Tags are compared weakly (§8.8.3.2). A malformed list names nothing. `etag` is quoted, as `"abc"`.
 */
export function ifNoneMatchHolds(header: string, etag: string): boolean {
  const tags = readEntityTags(header);
  return tags !== "*" && !tags.some((tag) => opaque(tag) === opaque(etag));
}

/**
 * Whether `If-Range` lets a Range count (RFC 9110 §13.1.5): true where it is the current bytes' own strong tag. False
 * means the whole file. A date never holds: no file here has one.
 */
export function ifRangeHolds(header: string, etag: string): boolean {
  return header === etag && header.startsWith('"');
}

/**
 * What a list of tags names (RFC 9110 §8.8.3, §13.1): `*`, or its tags as they stand there, weak ones with their `W/`.
 * Empty elements count for nothing (§5.6.1), and a malformed list has no tags. Takes linear time.
 */
export function readEntityTags(header: string): readonly string[] | "*" {
  if (header === "*") return header;
  const tags: string[] = [];
  let isAfterTag = false;
  let end = 0;
  for (const [token] of header.matchAll(listToken)) {
    end += token.length;
    const isTag = token.endsWith('"');
    if (isTag && isAfterTag) return [];
    if (isTag) tags.push(token);
    if (isTag || token === ",") isAfterTag = isTag;
  }
  return end === header.length ? tags : [];
}

function opaque(tag: string): string {
  return tag.replace(/^W\//, "");
}

/** A comma, white space, or an entity tag, in which all but control characters, spaces and quotes may stand. */
const listToken = /,|[ \t]+|(?:W\/)?"[!#-~\u0080-\uffff]*"/gy;
