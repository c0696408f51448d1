import { type ConfigSummary, etagOf, type FileVersion } from "../store/index.ts";
import { entryOf } from "./list.ts";

/** The operator's view of a config. The content stands in it as it was written: it is put in as text. */
export function answerConfig(summary: ConfigSummary, content: string, version: FileVersion): Response {
  const text = `${JSON.stringify(entryOf(summary)).slice(0, -1)},"content":${content}}`;
  return new Response(text, { headers: { "Content-Type": "application/json", ...versionHeaders(version) } });
}

export function versionHeaders(version: FileVersion): Record<string, string> {
  return {
    ETag: etagOf(version),
    "X-Revision": String(version.revision),
    "Cache-Control": "private, no-cache",
  };
}
