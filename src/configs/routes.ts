import { preconditionFailed, recordExists, recordNotFound } from "../fault.ts";
import {
  type AppContext,
  ifNoneMatchHolds,
  preconditionOf,
  type Routes,
  readJsonBody,
} from "../http/index.ts";
import type { Log, Metrics } from "../ops/index.ts";
import { type ConfigSummary, etagOf, type FileVersion, type SaveConfig, type Store } from "../store/index.ts";
import { configOf } from "./config.ts";
import { readSaveBody } from "./content.ts";
import { entryOf, listConfigs } from "./list.ts";
import { type Mac, parseMac } from "./mac.ts";
import { measuring } from "./measure.ts";

/** What a body may hold besides the content itself. */
const ENVELOPE_BYTES = 64 * 1024;

export interface ConfigParts {
  readonly store: Store;
  /** Says that an announcement may be due. */
  readonly nudge: () => void;
  readonly maxConfigBytes: number;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** The operator's view of the configs: list, read, save, delete. */
export function configRoutes(parts: ConfigParts): Routes {
  const measured = measuring(parts.metrics);
  return (app) => {
    app.get(
      "/api/configs",
      measured("list", (c) => list(parts, c)),
    );
    app.get(
      "/api/configs/:mac",
      measured("get", (c) => read(parts, c)),
    );
    app.put(
      "/api/configs/:mac",
      measured("save", (c) => save(parts, c), parts.nudge),
    );
    app.delete(
      "/api/configs/:mac",
      measured("delete", (c) => remove(parts, c)),
    );
  };
}

async function list({ store }: ConfigParts, c: AppContext): Promise<Response> {
  return listConfigs(store, c.req.query());
}

async function read({ store }: ConfigParts, c: AppContext): Promise<Response> {
  const mac = macOf(c);
  const config = await store.findConfig(mac);
  if (config === null) throw recordNotFound("config", mac);
  const headers = versionHeaders(config.version);
  const ifNoneMatch = c.req.header("If-None-Match");
  if (ifNoneMatch !== undefined && !ifNoneMatchHolds(ifNoneMatch, etagOf(config.version))) {
    return new Response(null, { status: 304, headers });
  }
  return jsonText(answerText(config, new TextDecoder().decode(config.content)), headers);
}

async function save({ store, maxConfigBytes, log }: ConfigParts, c: AppContext): Promise<Response> {
  const mac = macOf(c);
  const body = readSaveBody(await readJsonBody(c, maxConfigBytes + ENVELOPE_BYTES), maxConfigBytes);
  const change: SaveConfig = {
    ...configOf(mac, body),
    allowOverwrite: body.allowOverwrite,
    precondition: preconditionOf(c.req.raw.headers),
  };
  const caller = c.get("caller");
  const outcome = await store.saveConfig(change, caller);
  if (outcome.kind === "exists") throw recordExists("config", mac);
  if (outcome.kind === "preconditionFailed") throw otherVersion(change.precondition, mac);

  const { version } = outcome;
  log.info({ requestId: caller.requestId, mac, revision: version.revision }, "config saved");
  return jsonText(answerText(change, body.content), versionHeaders(version));
}

async function remove({ store, log }: ConfigParts, c: AppContext): Promise<Response> {
  const mac = macOf(c);
  const precondition = preconditionOf(c.req.raw.headers);
  const caller = c.get("caller");
  const outcome = await store.deleteFile({ kind: "configs", name: mac, precondition }, caller);
  if (outcome.kind === "missing") throw recordNotFound("config", mac);
  if (outcome.kind === "preconditionFailed") throw otherVersion(precondition, mac);

  const { revision } = outcome;
  log.info({ requestId: caller.requestId, mac, revision }, "config deleted");
  return new Response(null, { status: 204, headers: { "X-Revision": String(revision) } });
}

function macOf(c: AppContext): Mac {
  return parseMac(c.req.param("mac") ?? "");
}

function otherVersion(precondition: SaveConfig["precondition"], mac: Mac) {
  return precondition === "absent"
    ? preconditionFailed("If-None-Match", `config ${mac} exists already`)
    : preconditionFailed("If-Match", `config ${mac} is not, or no longer, of that version`);
}

/** The content stands in the answer as it was written: it is put in as text. */
function answerText(summary: ConfigSummary, content: string): string {
  return `${JSON.stringify(entryOf(summary)).slice(0, -1)},"content":${content}}`;
}

function versionHeaders(version: FileVersion): Record<string, string> {
  return {
    ETag: etagOf(version),
    "X-Revision": String(version.revision),
    "Cache-Control": "private, no-cache",
  };
}

function jsonText(text: string, headers: Record<string, string> = {}): Response {
  return new Response(text, { headers: { "Content-Type": "application/json", ...headers } });
}
