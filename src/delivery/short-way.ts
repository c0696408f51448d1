import { arrivalOf, namesOneHost, noteAnswer, type ShortWay } from "../http/index.ts";
import type { Log, Metrics } from "../ops/index.ts";
import type { Delivery } from "./delivery.ts";
import { CONFIG_ROUTE } from "./routes.ts";

const SCHEME = "http://";
const BEFORE_MAC = "/api/configs/";
const AFTER_MAC = ".json";

/**
 * Past the router, for what most requests are: a device's GET of its config. The same `Caller` is made, the same
 * `offer` asked, the same measure and log line left as by the route, at a third of the cost. It takes only what it can
 * answer with the file, from memory. All else, every refusal among it, goes the long way.
 */
export function shortWay(delivery: Delivery, metrics: Metrics, log: Log): ShortWay {
  return function shortWay(request, listener, longWay) {
    const { method, headers } = request;
    const path = pathOf(request.url);
    if (method !== "GET" || !path.startsWith(BEFORE_MAC) || !path.endsWith(AFTER_MAC)) return longWay();
    // A page of another origin may have to be told that it may read the answer.
    if (headers.has("Origin") || !namesOneHost(headers)) return longWay();

    const { caller, givenId, beganMs } = arrivalOf(headers);
    // As it stands there: only canonical names are kept, so that another spelling is not found here.
    const mac = path.slice(BEFORE_MAC.length, -AFTER_MAC.length);
    const response = delivery.configAtHand(mac, { caller, request, listener });
    if (response === null) return longWay();
    if (givenId !== null) response.headers.set("X-Request-Id", givenId);
    noteAnswer(metrics, log, { caller, method, path, route: CONFIG_ROUTE, status: response.status, beganMs });
    return response;
  };
}

/** With its query, if there is one. Without a Host, Bun gives no URL, and it takes more thought to find the path. */
function pathOf(url: string): string {
  return url.startsWith(SCHEME) ? url.slice(url.indexOf("/", SCHEME.length)) : "";
}
