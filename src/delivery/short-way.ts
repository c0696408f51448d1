import { arrivalOf, namesOneHost, noteAnswer, type ShortWay } from "../http/index.ts";
import type { Log, Metrics } from "../ops/index.ts";
import type { Delivery } from "./delivery.ts";
import { ASSET_ROUTE, CONFIG_ROUTE } from "./routes.ts";

/**
 * Past the router, for what most requests are: a device's GET of its config, or of a part of its firmware. The same
 * `Caller` is made, the same `offer` asked, the same measure and log line left as by the route, at half the cost. It
 * takes only what it can answer with the file, from memory. All else, every refusal among it, goes the long way.
 */
export function shortWay(
  delivery: Delivery,
  corsOrigins: readonly string[],
  metrics: Metrics,
  log: Log,
): ShortWay {
  const variesByOrigin = corsOrigins.length > 0;
  return function shortWay(request, listener, longWay) {
    const { method, headers } = request;
    const path = pathOf(request.url);
    const door = doors.find(({ before, after }) => path.startsWith(before) && path.endsWith(after));
    if (method !== "GET" || door === undefined) return longWay();
    const name = path.slice(door.before.length, path.length - door.after.length);
    // A page of another origin may have to be told that it may read the answer.
    if (!plain.test(name) || headers.has("Origin") || !namesOneHost(headers)) return longWay();

    const { caller, givenId, beganMs } = arrivalOf(headers);
    const response = orNull(() => delivery[door.answer](name, { caller, request, listener }));
    if (response === null) return longWay();
    if (givenId !== null) response.headers.set("X-Request-Id", givenId);
    if (variesByOrigin) response.headers.set("Vary", "Origin");
    noteAnswer(metrics, log, { caller, method, path, route: door.route, status: response.status, beganMs });
    return response;
  };
}

const doors = [
  { before: "/api/configs/", after: ".json", route: CONFIG_ROUTE, answer: "configAtHand" },
  { before: "/api/assets/", after: "", route: ASSET_ROUTE, answer: "assetAtHand" },
] as const;

/** What stands for itself in a path. A MAC in another spelling than the one that is kept is just not found. */
const plain = /^[\w.-]+$/;

const SCHEME = "http://";

/** With its query, if there is one. Without a Host, Bun gives no URL, and it takes more thought to find the path. */
function pathOf(url: string): string {
  return url.startsWith(SCHEME) ? url.slice(url.indexOf("/", SCHEME.length)) : "";
}

/** What throws does so again on the long way, where it is answered. */
function orNull<T>(act: () => T): T | null {
  try {
    return act();
  } catch {
    return null;
  }
}
