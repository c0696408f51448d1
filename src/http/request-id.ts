/** What a client's own id may be made of: nothing that could forge a log line or a header, nor fill one. */
const sane = /^[\w.:/@+=-]{1,128}$/;

/** The client's `X-Request-Id` where it is sane, else null. */
export function givenRequestId(headers: Headers): string | null {
  const given = headers.get("X-Request-Id");
  return given !== null && sane.test(given) ? given : null;
}
