import type * as v from "valibot";
import { busy, Fault, recordNotFound, uploadsDisabled } from "../fault.ts";
import { type AppContext, jsonList, otherVersion, preconditionOf, type Routes } from "../http/index.ts";
import type { Log, Metrics } from "../ops/index.ts";
import { etagOf, type FileVersion } from "../store/index.ts";
import type { AssetList, UploadAnswer } from "./answers.ts";
import type { UploadRules } from "./arrived.ts";
import { parseFileName } from "./file-name.ts";
import { rollBack } from "./rollback.ts";
import { type UploadParts, upload } from "./upload.ts";

const ROWS_AT_ONCE = 250;

export interface AssetParts extends UploadParts {
  /** Null: no signature can be checked, and uploads are off. */
  readonly rules: UploadRules | null;
  readonly maxUploads: number;
  readonly log: Log;
}

/** The pipeline's and the operator's view of the assets: upload, list, roll back, delete. */
export function assetRoutes(parts: AssetParts): Routes {
  const take = limited(parts.maxUploads, (c) => takeUpload(parts, c));
  exportFromTheStart(parts.metrics);
  return (app) => {
    app.get("/api/assets", () => list(parts));
    app.post("/api/assets", (c) => measured(parts, c, take));
    app.post("/api/assets/:filename/rollback", (c) => restore(parts, c));
    app.delete("/api/assets/:filename", (c) => remove(parts, c));
  };
}

/** At most so many at once: each takes memory and a place on the disk. */
function limited(most: number, take: (c: AppContext) => Promise<FileVersion>) {
  let running = 0;
  return async (c: AppContext): Promise<FileVersion> => {
    if (running >= most) throw busy(`${most} uploads are running already; try again later`);
    running += 1;
    try {
      return await take(c);
    } finally {
      running -= 1;
    }
  };
}

async function takeUpload(parts: AssetParts, c: AppContext): Promise<FileVersion> {
  if (parts.rules === null) throw uploadsDisabled();
  return await upload(parts, parts.rules, c);
}

async function measured(
  { metrics, log }: AssetParts,
  c: AppContext,
  take: (c: AppContext) => Promise<FileVersion>,
): Promise<Response> {
  const stop = metrics.assetUploadDuration.startTimer();
  try {
    const version = await take(c);
    log.info({ requestId: c.get("caller").requestId, ...logged(version) }, "asset uploaded");
    return answerVersion(version);
  } catch (error) {
    metrics.assetUploads.inc({ status: "error", error_type: errorType(error) });
    throw error;
  } finally {
    stop();
  }
}

/** What never happened is exported as 0: the first refusals must be seen as a rise. */
function exportFromTheStart({ assetUploads }: Metrics): void {
  assetUploads.inc({ status: "success", error_type: "" }, 0);
  for (const error_type of ["file", "filename", "timestamp", "signature"]) {
    assetUploads.inc({ status: "error", error_type }, 0);
  }
}

async function list({ store }: AssetParts): Promise<Response> {
  async function* pages(): AsyncGenerator<readonly string[]> {
    for (let after: string | null = null, isAtEnd = false; !isAtEnd; ) {
      const rows: readonly FileVersion[] = await store.listAssets({ after, limit: ROWS_AT_ONCE });
      isAtEnd = rows.length < ROWS_AT_ONCE;
      after = rows.at(-1)?.name ?? after;
      yield rows.map((row) => JSON.stringify(entryOf(row)));
    }
  }
  return jsonList("assets", pages());
}

async function restore(parts: AssetParts, c: AppContext): Promise<Response> {
  const version = await rollBack(parts, parseFileName(c.req.param("filename") ?? ""), c);
  parts.log.info({ requestId: c.get("caller").requestId, ...logged(version) }, "asset rolled back");
  return answerVersion(version);
}

async function remove({ store, collector, log }: AssetParts, c: AppContext): Promise<Response> {
  const filename = parseFileName(c.req.param("filename") ?? "");
  const caller = c.get("caller");
  const precondition = preconditionOf(c.req.raw.headers);
  const outcome = await store.deleteFile({ kind: "assets", name: filename, precondition }, caller);
  if (outcome.kind === "missing") throw recordNotFound("asset", filename);
  if (outcome.kind === "preconditionFailed") throw otherVersion(precondition, `asset ${filename}`);
  collector.letGo();
  const { revision } = outcome;
  log.info({ requestId: caller.requestId, filename, revision }, "asset deleted");
  return new Response(null, { status: 204, headers: { "X-Revision": String(revision) } });
}

function answerVersion(version: FileVersion): Response {
  const headers = { ETag: etagOf(version), "X-Revision": String(version.revision) };
  return Response.json(answerOf(version), { headers });
}

function logged({ name: filename, revision, size }: FileVersion) {
  return { filename, revision, size };
}

/** The one place where an asset's version becomes snake_case. */
function answerOf({ name, size, changedAt }: FileVersion): v.InferOutput<typeof UploadAnswer> {
  return { filename: name, size, uploaded_at: changedAt.toISOString() };
}

function entryOf(version: FileVersion): v.InferOutput<typeof AssetList>["assets"][number] {
  return { ...answerOf(version), sha256: version.sha256 };
}

/** A bounded label: the field that was wrong, else the fault's code. */
function errorType(error: unknown): string {
  if (!(error instanceof Fault)) return "internal_error";
  const field = error.code === "VALIDATION_FAILED" ? error.details?.["field"] : undefined;
  return typeof field === "string" ? field : error.code.toLowerCase();
}
