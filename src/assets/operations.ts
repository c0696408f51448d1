import * as v from "valibot";
import { ChangeMessage } from "../change-message.ts";
import { filenameInPath, ifMatch, type Operations, RollbackBody } from "../http/index.ts";
import { AssetList, UploadAnswer } from "./answers.ts";

const UploadForm = v.object({
  file: v.pipe(
    v.string(),
    v.metadata({ format: "binary" }),
    v.description("The bytes; its file name is the asset's name"),
  ),
  timestamp: v.pipe(v.string(), v.description("Now, in ISO 8601; UTC where it has no offset")),
  signature: v.pipe(
    v.string(),
    v.description("Base64 of RSA PKCS#1 v1.5 with SHA-256 over the timestamp, made with the signing key"),
  ),
  message: v.optional(v.pipe(ChangeMessage, v.description("What the asset's history says of this change"))),
});

/** What the document says of the pipeline's and the operator's view of the assets. */
export const assetOperations: Operations = {
  "/api/assets": {
    get: {
      tag: "Assets",
      summary: "List all assets, sorted by name",
      answers: { 200: { description: "The list", content: { type: "application/json", schema: AssetList } } },
      faults: ["STORE_UNAVAILABLE", "BUSY"],
    },
    post: {
      tag: "Assets",
      summary: "Upload a signed asset, and announce it",
      description:
        "Replaces an asset of that name. Fields may come in any order. An image of an ESP32 that is damaged is refused.",
      parameters: [
        { in: "query", name: "image", description: "`any`: take a damaged image of an ESP32, too" },
      ],
      body: {
        type: "multipart/form-data",
        schema: UploadForm,
        description: "The file and what proves its sender",
      },
      answers: {
        200: {
          description: "Stored",
          content: { type: "application/json", schema: UploadAnswer },
          headers: ["ETag", "X-Revision"],
        },
      },
      faults: [
        "VALIDATION_FAILED",
        "FORBIDDEN",
        "REQUEST_TIMEOUT",
        "PAYLOAD_TOO_LARGE",
        "UNSUPPORTED_MEDIA_TYPE",
        "UPLOADS_DISABLED",
        "STORE_UNAVAILABLE",
        "BUSY",
        "STORAGE_FULL",
      ],
    },
  },
  "/api/assets/{filename}": {
    delete: {
      tag: "Assets",
      summary: "Delete an asset; nothing is announced",
      parameters: [filenameInPath, ifMatch],
      answers: { 204: { description: "Deleted", headers: ["X-Revision"] } },
      faults: [
        "VALIDATION_FAILED",
        "RECORD_NOT_FOUND",
        "FORBIDDEN",
        "PRECONDITION_FAILED",
        "STORE_UNAVAILABLE",
        "BUSY",
        "STORAGE_FULL",
      ],
    },
  },
  "/api/assets/{filename}/rollback": {
    post: {
      tag: "Assets",
      summary: "Make the bytes of an older revision the newest, and announce it",
      parameters: [filenameInPath, ifMatch],
      body: { type: "application/json", schema: RollbackBody, description: "Which revision" },
      answers: {
        200: {
          description: "Rolled back",
          content: { type: "application/json", schema: UploadAnswer },
          headers: ["ETag", "X-Revision"],
        },
      },
      faults: [
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
