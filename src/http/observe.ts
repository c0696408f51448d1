import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import type { Log, Metrics } from "../ops/index.ts";
import { arrivalOf } from "./arrival.ts";
import type { Env } from "./env.ts";
import { noteAnswer } from "./note-answer.ts";

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
    const route = routePath(c, -1);
    noteAnswer(metrics, log, { caller, method, path, route, status, beganMs, error: c.error });
  });
}

/** A HEAD's answer gives the length that a GET's has (RFC 9110, section 8.6); without a body Bun would say 0. */
async function declareLength(response: Response): Promise<void> {
  if (response.headers.has("Content-Length") || response.body === null) return;
  response.headers.set("Content-Length", String((await response.clone().arrayBuffer()).byteLength));
}
