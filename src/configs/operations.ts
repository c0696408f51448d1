import * as v from "valibot";
import { ifMatch, ifNoneMatch, macInPath, type Operations, RollbackBody } from "../http/index.ts";
import { SaveConfigBody } from "./content.ts";
import { ConfigList, ConfigListEntry, ListQuery } from "./list.ts";

const ConfigAnswer = v.object({ ...ConfigListEntry.entries, content: v.record(v.string(), v.unknown()) });

const config = { type: "application/json", schema: ConfigAnswer };

/** What the document says of the operator's view of the configs. */
export const configOperations: Operations = {
  "/api/configs": {
    get: {
      tag: "Configs",
      summary: "List all configs, sorted by MAC",
      query: ListQuery,
      answers: {
        200: { description: "The list", content: { type: "application/json", schema: ConfigList } },
      },
      faults: ["VALIDATION_FAILED", "STORE_UNAVAILABLE", "BUSY"],
    },
  },
  "/api/configs/{mac}": {
    get: {
      tag: "Configs",
      summary: "Read a config",
      parameters: [macInPath, ifMatch, ifNoneMatch],
      answers: {
        200: {
          description: "The config, its content as it was written",
          content: config,
          headers: ["ETag", "X-Revision"],
        },
        304: { description: "Not changed", headers: ["ETag", "X-Revision"] },
      },
      faults: ["INVALID_OPERATION", "RECORD_NOT_FOUND", "PRECONDITION_FAILED"],
    },
    put: {
      tag: "Configs",
      summary: "Save a config, and announce it",
      description:
        "The content is kept byte for byte. When this is answered, it is on disk and will be announced.",
      parameters: [
        macInPath,
        ifMatch,
        {
          in: "header",
          name: "If-None-Match",
          description: "`*`: the save is refused where there is a config",
        },
      ],
      body: { type: "application/json", schema: SaveConfigBody, description: "The content, an object" },
      answers: { 200: { description: "Saved", content: config, headers: ["ETag", "X-Revision"] } },
      faults: [
        "INVALID_OPERATION",
        "VALIDATION_FAILED",
        "FORBIDDEN",
        "RECORD_EXISTS",
        "PRECONDITION_FAILED",
        "PAYLOAD_TOO_LARGE",
        "UNSUPPORTED_MEDIA_TYPE",
        "STORE_UNAVAILABLE",
        "BUSY",
        "STORAGE_FULL",
      ],
    },
    delete: {
      tag: "Configs",
      summary: "Delete a config; nothing is announced",
      parameters: [macInPath, ifMatch],
      answers: { 204: { description: "Deleted", headers: ["X-Revision"] } },
      faults: [
        "INVALID_OPERATION",
        "RECORD_NOT_FOUND",
        "FORBIDDEN",
        "PRECONDITION_FAILED",
        "STORE_UNAVAILABLE",
        "BUSY",
        "STORAGE_FULL",
      ],
    },
  },
  "/api/configs/{mac}/rollback": {
    post: {
      tag: "Configs",
      summary: "Make the content of an older revision the newest, and announce it",
      parameters: [macInPath, ifMatch],
      body: { type: "application/json", schema: RollbackBody, description: "Which revision" },
      answers: { 200: { description: "Rolled back", content: config, headers: ["ETag", "X-Revision"] } },
      faults: [
        "INVALID_OPERATION",
        "VALIDATION_FAILED",
        "RECORD_NOT_FOUND",
        "FORBIDDEN",
        "PRECONDITION_FAILED",
        "PAYLOAD_TOO_LARGE",
        "UNSUPPORTED_MEDIA_TYPE",
        "STORE_UNAVAILABLE",
        "BUSY",
        "STORAGE_FULL",
      ],
    },
  },
};
