import * as v from "valibot";

/** The answer to an upload. */
export const UploadAnswer = v.object({
  filename: v.string(),
  size: v.pipe(v.number(), v.integer(), v.description("In bytes")),
  uploaded_at: v.pipe(v.string(), v.isoTimestamp()),
});

export const AssetList = v.object({
  assets: v.array(v.object({ ...UploadAnswer.entries, sha256: v.pipe(v.string(), v.length(64)) })),
  count: v.pipe(v.number(), v.integer()),
});
