import { createMiddleware } from "hono/factory";
import { getPath } from "hono/utils/url";
import { validationFailed } from "../fault.ts";
import type { Env } from "./env.ts";

/**
 * The path that a request asks for. Where Host is missing, as it may be in HTTP/1.0, or is none, Bun's URL is what
 * stands in the request's first line, and no path can be told from a host in it.
 */
export function pathOf(request: Request): string {
  const { url } = request;
  if (url.startsWith("http://")) return getPath(request);
  return getPath(new Request(`http://localhost${url.startsWith("/") ? "" : "/"}${url}`));
}

/**
 * Refuses a request whose Host is there and is not one host, with a port or without (RFC 9112, section 3.2). Bun joins
 * the values of two of them with a comma.
 */
export const hostGuard = createMiddleware<Env>(function hostGuard(c, next) {
  if (!namesOneHost(c.req.raw.headers)) {
    throw validationFailed("Host", "must be one host name or address, with a port or without");
  }
  return next();
});

/** Whether Host is one host, or is not there. */
export function namesOneHost(headers: Headers): boolean {
  const host = headers.get("Host");
  return host === null || oneHost.test(host);
}

/** RFC 3986, section 3.2.2, without what no host name in use has. */
const oneHost = /^(?:\[[\da-f:.]+\]|[\w.~%-]*)(?::\d{0,5})?$/i;
