import * as v from "valibot";
import { filenameInPath, macInPath, type Operations, RevisionNumber } from "../http/index.ts";
import { ListQuery, RevisionList } from "./routes.ts";

const history = {
  tag: "Revisions",
  summary: "List a file's revisions, newest first",
  query: ListQuery,
  answers: {
    200: { description: "The list", content: { type: "application/json", schema: RevisionList } },
  },
} as const;

const DiffQuery = v.object({
  against: v.pipe(
    v.optional(RevisionNumber),
    v.description("The older one; where it is left out, the one before"),
  ),
});

const PatchOperation = v.object({ op: v.string(), path: v.string(), value: v.optional(v.unknown()) });

/** What the document says of what files were. */
export const revisionOperations: Operations = {
  "/api/configs/{mac}/revisions": {
    get: {
      ...history,
      parameters: [macInPath],
      faults: ["INVALID_OPERATION", "VALIDATION_FAILED", "RECORD_NOT_FOUND"],
    },
  },
  "/api/assets/{filename}/revisions": {
    get: { ...history, parameters: [filenameInPath], faults: ["VALIDATION_FAILED", "RECORD_NOT_FOUND"] },
  },
  "/api/configs/{mac}/revisions/{revision}/diff": {
    get: {
      tag: "Revisions",
      summary: "What changed between two revisions of a config",
      description:
        "A JSON Patch (RFC 6902), or a unified diff for `Accept: text/plain`. Of very large contents the patch replaces the whole, and the diff says so.",
      parameters: [
        macInPath,
        { in: "path", name: "revision", description: "The newer revision", example: "7" },
      ],
      query: DiffQuery,
      answers: {
        200: {
          description: "The changes",
          content: [
            { type: "application/json-patch+json", schema: v.array(PatchOperation) },
            { type: "text/plain", schema: null },
          ],
        },
      },
      faults: ["INVALID_OPERATION", "VALIDATION_FAILED", "RECORD_NOT_FOUND"],
    },
  },
};
