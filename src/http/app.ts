import { Hono } from "hono";
import { methodNotAllowed, recordNotFound } from "../fault.ts";
import type { Log, Metrics } from "../ops/index.ts";
import { type BrowserRules, browserGuard, varyByOrigin } from "./browser-guard.ts";
import type { App, Env } from "./env.ts";
import { faultFrom, faultResponse } from "./faults.ts";
import { observe } from "./observe.ts";
import { hostGuard, pathOf } from "./target.ts";

/** Adds a feature's routes. */
export type Routes = (app: App) => void;

/** The whole of HTTP: what every request goes through, and the features' routes, in their order. */
export function createApp(
  routes: readonly Routes[],
  rules: BrowserRules,
  metrics: Metrics,
  log: Log,
  now: () => Date,
): App {
  const app: App = new Hono<Env>({ getPath: pathOf });
  app.use(observe(metrics, log, now), varyByOrigin(rules), hostGuard, browserGuard(rules));
  for (const add of routes) add(app);
  refuseOtherMethods(app);
  app.notFound((c) => {
    throw recordNotFound("path", c.req.path);
  });
  app.onError((error, c) => faultResponse(faultFrom(error), c.get("caller").requestId));
  return app;
}

/** What a path cannot do is answered 405 with what it can. HEAD comes with GET. */
function refuseOtherMethods(app: App): void {
  const methods = Map.groupBy(
    app.routes.filter(({ method }) => method !== "ALL"),
    ({ path }) => path,
  );
  for (const [path, routes] of methods) {
    const allow = routes.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    app.all(path, (c) => {
      throw methodNotAllowed(c.req.method, allow);
    });
  }
}
