import { revisionNotFound } from "../fault.ts";
import { type AppContext, preconditionOf, readRollback } from "../http/index.ts";
import type { FileVersion } from "../store/index.ts";
import { commitAsset } from "./commit.ts";
import type { FileName } from "./file-name.ts";
import type { UploadParts } from "./upload.ts";

/** Makes old bytes the newest again, as a change like any other, with a revision and an announcement of its own. */
export async function rollBack(parts: UploadParts, filename: FileName, c: AppContext): Promise<FileVersion> {
  const { to, message } = await readRollback(c);
  const revision = await parts.store.findRevision({ kind: "assets", name: filename }, to);
  if (revision?.sha256 == null || revision.size === null) throw revisionNotFound("asset", filename, to);
  const { sha256, size } = revision;
  const stillThere = async () => {
    // It may have been forgotten since it was looked up; from here on the claim keeps it.
    if (!(await parts.blobs.exists(sha256))) throw revisionNotFound("asset", filename, to);
  };
  const precondition = preconditionOf(c.req.raw.headers);
  const asset = { filename, sha256, size, precondition, message, reading: null };
  return commitAsset(parts, asset, stillThere, c.get("caller"));
}
