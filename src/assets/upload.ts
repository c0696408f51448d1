import * as v from "valibot";
import type { Blobs } from "../blobs/index.ts";
import { Fault } from "../fault.ts";
import { type AppContext, checkDeclaredSize, checkIsPlain, readQuery } from "../http/index.ts";
import type { Metrics } from "../ops/index.ts";
import type { FileVersion, Store } from "../store/index.ts";
import { Arrived, type UploadRules } from "./arrived.ts";
import { checkImage } from "./check-image.ts";
import type { Collector } from "./collector.ts";
import { commitAsset } from "./commit.ts";
import { Deadlines } from "./deadlines.ts";
import { ENVELOPE_BYTES, receive } from "./receive.ts";

/** How long a client may go on sending what is not read any more, or keep its connection for another request. */
const LINGER_SECONDS = 10;

const UploadQuery = v.object({ image: v.optional(v.literal("any", "must be any, or left out")) });

interface UploadLimits {
  readonly maxAssetBytes: number;
  readonly uploadStallSeconds: number;
  readonly uploadMaxSeconds: number;
}

export interface UploadParts {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly collector: Collector;
  readonly limits: UploadLimits;
  readonly metrics: Metrics;
}

/** Takes one upload, from its form to its committed row. Throws the fault that ends it, with nothing left behind. */
export async function upload(parts: UploadParts, rules: UploadRules, c: AppContext): Promise<FileVersion> {
  const { blobs, limits, metrics, collector } = parts;
  const request = c.req.raw;
  checkIsPlain(request.headers);
  checkDeclaredSize(request.headers, limits.maxAssetBytes + ENVELOPE_BYTES);
  const { image: expectedImage } = readQuery(UploadQuery, c.req.query());

  const arrived = new Arrived(rules, c.get("arrivedAt"), metrics);
  using deadlines = new Deadlines(limits.uploadStallSeconds, limits.uploadMaxSeconds);
  c.env.server.timeout(request, 0); // The server's own does not notice arriving bytes; the deadlines do.
  try {
    const staged = await receive(request, arrived, blobs, limits.maxAssetBytes, deadlines);
    try {
      const { filename, message } = arrived.conclude();
      const { sha256, size, open, keep } = await staged.finish();
      const reading = await checkImage(open(), expectedImage === "any");
      const asset = { filename, sha256, size, precondition: "none", message, reading } as const;
      const version = await commitAsset(parts, asset, keep, c.get("caller"));
      // In the turn in which the store tells of it: the metrics know of an upload before its announcement goes out.
      metrics.assetUploads.inc({ status: "success", error_type: "" });
      metrics.assetUploadFileSize.observe(size);
      return version;
    } finally {
      await staged.discard();
    }
  } catch (error) {
    if (error instanceof Fault && error.code === "STORAGE_FULL") collector.makeRoom();
    throw error;
  } finally {
    c.env.server.timeout(request, LINGER_SECONDS);
  }
}
