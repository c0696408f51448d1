import { createMiddleware } from "hono/factory";
import { matchedRoutes } from "hono/route";
import type { Log, Metrics } from "../ops/index.ts";
import { arrivalOf } from "./arrival.ts";
import type { AppContext, Env } from "./env.ts";
import { noteAnswer } from "./note-answer.ts";

/** What is in front of all routes, and what no route is for. */
const EVERY_PATH = "/*";

/** Gives every request its id and its caller, and every answer its id, its measure and its log line. */
export function observe(metrics: Metrics, log: Log, now: () => Date) {
  return createMiddleware<Env>(async function observe(c, next) {
    const { caller, givenId, beganMs } = arrivalOf(c.req.raw.headers);
    c.set("arrivedAt", now());
    c.set("caller", caller);
    c.set("answersOwnId", true);

    await next();

    if (givenId !== null || c.get("answersOwnId")) c.res.headers.set("X-Request-Id", caller.requestId);
    const { method, path } = c.req;
    const { status } = c.res;
    if (method === "HEAD") await declareLength(c.res);
    noteAnswer(metrics, log, { caller, method, path, route: routeOf(c), status, beganMs, error: c.error });
  });
}

/** The pattern whose handler answers, or would have if nothing had refused the request before. */
function routeOf(c: AppContext): string {
  return matchedRoutes(c).find(({ path }) => path !== EVERY_PATH)?.path ?? EVERY_PATH;
}

/** A HEAD's answer gives the length that a GET's has (RFC 9110, section 8.6); without a body Bun would say 0. */
async function declareLength({ headers, body }: Response): Promise<void> {
  if (headers.has("Content-Length") || body === null) return;
  let length = 0;
  for await (const piece of body) length += piece.length; // A long list is never held whole.
  headers.set("Content-Length", String(length));
}
