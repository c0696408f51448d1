import { recordNotFound } from "../fault.ts";
import {
  type AppContext,
  checkIfMatch,
  ifNoneMatchHolds,
  otherVersion,
  preconditionOf,
  type Routes,
  readJsonBody,
} from "../http/index.ts";
import type { Log, Metrics } from "../ops/index.ts";
import { etagOf, type Store } from "../store/index.ts";
import { answerConfig, versionHeaders } from "./answer.ts";
import { readSaveBody } from "./content.ts";
import { listConfigs } from "./list.ts";
import { type Mac, parseMac } from "./mac.ts";
import { measuring } from "./measure.ts";
import { rollBack } from "./rollback.ts";
import { saveContent } from "./save.ts";

/** What a body may hold besides the content itself. */
const ENVELOPE_BYTES = 64 * 1024;

export interface ConfigParts {
  readonly store: Store;
  readonly maxConfigBytes: number;
  readonly metrics: Metrics;
  readonly log: Log;
}

/** The operator's view of the configs: list, read, save, roll back, delete. */
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
      measured("save", (c) => save(parts, c)),
    );
    app.post(
      "/api/configs/:mac/rollback",
      measured("rollback", (c) => rollBack(parts, macOf(c), c)),
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
  checkIfMatch(c.req.raw.headers, etagOf(config.version), `config ${mac}`);
  const ifNoneMatch = c.req.header("If-None-Match");
  if (ifNoneMatch !== undefined && !ifNoneMatchHolds(ifNoneMatch, etagOf(config.version))) {
    return new Response(null, { status: 304, headers: versionHeaders(config.version) });
  }
  return answerConfig(config, new TextDecoder().decode(config.content), config.version);
}

async function save(parts: ConfigParts, c: AppContext): Promise<Response> {
  const mac = macOf(c);
  const { maxConfigBytes } = parts;
  const body = readSaveBody(await readJsonBody(c, maxConfigBytes + ENVELOPE_BYTES), maxConfigBytes);
  return saveContent(parts, mac, body, c);
}

async function remove({ store, log }: ConfigParts, c: AppContext): Promise<Response> {
  const mac = macOf(c);
  const precondition = preconditionOf(c.req.raw.headers);
  const caller = c.get("caller");
  const outcome = await store.deleteFile({ kind: "configs", name: mac, precondition }, caller);
  if (outcome.kind === "missing") throw recordNotFound("config", mac);
  if (outcome.kind === "preconditionFailed") throw otherVersion(precondition, `config ${mac}`);

  const { revision } = outcome;
  log.info({ requestId: caller.requestId, mac, revision }, "config deleted");
  return new Response(null, { status: 204, headers: { "X-Revision": String(revision) } });
}

function macOf(c: AppContext): Mac {
  return parseMac(c.req.param("mac") ?? "");
}
