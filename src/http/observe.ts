import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import type { Log, Metrics } from "../ops/index.ts";
import type { Env } from "./env.ts";
import { givenRequestId } from "./request-id.ts";

/**
 * Gives every request its id and its caller, and every answer its id, its measure and its log line: changes
 * and reads at debug, refusals at info.
 */
export function observe(metrics: Metrics, log: Log, now: () => Date) {
  return createMiddleware<Env>(async function observe(c, next) {
    const givenId = givenRequestId(c.req.raw.headers);
    const requestId = givenId ?? crypto.randomUUID();
    const began = performance.now();
    c.set("arrivedAt", now());
    c.set("caller", { kind: "anonymous", requestId });
    c.set("answersOwnId", true);

    await next();

    if (givenId !== null || c.get("answersOwnId")) c.res.headers.set("X-Request-Id", requestId);
    const { method } = c.req;
    const { status } = c.res;
    if (method === "HEAD") await declareLength(c.res);
    const route = routePath(c, -1);
    const seconds = (performance.now() - began) / 1000;
    metrics.httpRequestDuration.observe({ method: knownMethod(method), route, status }, seconds);
    const line = { requestId, method, path: c.req.path, status, ms: Math.round(seconds * 1e4) / 10 };
    if (status < 400) log.debug(line, "answered");
    else if (status < 500) log.info({ ...line, fault: c.error?.message }, "refused");
    else log.error({ ...line, err: c.error }, "failed");
  });
}

/** A HEAD's answer gives the length that a GET's has (RFC 9110, section 8.6); without a body Bun would say 0. */
async function declareLength(response: Response): Promise<void> {
  if (response.headers.has("Content-Length") || response.body === null) return;
  response.headers.set("Content-Length", String((await response.clone().arrayBuffer()).byteLength));
}

/** A label must be bounded, and a method may be any word. */
function knownMethod(method: string): string {
  return ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"].includes(method) ? method : "other";
}
