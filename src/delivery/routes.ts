import { recordNotFound, revisionNotFound } from "../fault.ts";
import { type AppContext, parseRevision, type Routes } from "../http/index.ts";
import { askOf } from "./ask.ts";
import type { Delivery } from "./delivery.ts";

/** How a part of a path becomes a file's name; each throws the fault of what is none. */
export interface NameParsers {
  readonly parseMac: (text: string) => string;
  readonly parseFileName: (text: string) => string;
}

export const CONFIG_ROUTE = "/api/configs/:file{[^/]+\\.json}";
export const ASSET_ROUTE = "/api/assets/:filename";

/** What devices fetch. */
export function deliveryRoutes(delivery: Delivery, parsers: NameParsers): Routes {
  return (app) => {
    app.get(CONFIG_ROUTE, (c) => config(delivery, parsers, c));
    app.get(ASSET_ROUTE, (c) => asset(delivery, parsers, c));
    app.get("/api/configs/:mac/revisions/:revision", (c) => configRevision(delivery, parsers, c));
    app.get("/api/assets/:filename/revisions/:revision", (c) =>
      assetRevision(delivery, parsers, c, c.req.param("revision")),
    );
  };
}

async function config(delivery: Delivery, { parseMac }: NameParsers, c: AppContext): Promise<Response> {
  c.set("answersOwnId", false);
  const mac = parseMac((c.req.param("file") ?? "").slice(0, -".json".length));
  const response = await delivery.config(mac, askOf(c));
  if (response === null) throw recordNotFound("config", mac);
  return response;
}

async function asset(delivery: Delivery, parsers: NameParsers, c: AppContext): Promise<Response> {
  c.set("answersOwnId", false);
  const revision = c.req.query("revision");
  if (revision !== undefined) return assetRevision(delivery, parsers, c, revision);
  const filename = parsers.parseFileName(c.req.param("filename") ?? "");
  const response = await delivery.asset(filename, askOf(c));
  if (response === null) throw recordNotFound("asset", filename);
  return response;
}

async function configRevision(
  delivery: Delivery,
  { parseMac }: NameParsers,
  c: AppContext,
): Promise<Response> {
  const mac = parseMac(c.req.param("mac") ?? "");
  const revision = parseRevision(c.req.param("revision") ?? "", "revision");
  const response = await delivery.configRevision(mac, revision, askOf(c));
  if (response === null) throw revisionNotFound("config", mac, revision);
  return response;
}

/** The same at both addresses that name a revision: bytes that never change, or a 404. */
async function assetRevision(
  delivery: Delivery,
  { parseFileName }: NameParsers,
  c: AppContext,
  number: string,
): Promise<Response> {
  const filename = parseFileName(c.req.param("filename") ?? "");
  const revision = parseRevision(number, "revision");
  const response = await delivery.assetRevision(filename, revision, askOf(c));
  if (response === null) throw revisionNotFound("asset", filename, revision);
  return response;
}
