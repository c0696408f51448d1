import * as v from "valibot";
import {
  filenameInPath,
  ifMatch,
  ifNoneMatch,
  macInPath,
  type Operation,
  type Operations,
  type Parameter,
} from "../http/index.ts";

const bytes = { type: "application/octet-stream", schema: null };
const revision: Parameter = { in: "path", name: "revision", description: "Its number", example: "7" };
const range: Parameter = {
  in: "header",
  name: "Range",
  description: "One range of bytes",
  example: "bytes=0-1023",
};
const ifRange: Parameter = {
  in: "header",
  name: "If-Range",
  description: "An ETag: where it is not current, the whole is answered",
};
const assetAnswers: Operation["answers"] = {
  200: { description: "All its bytes", content: bytes, headers: ["ETag", "X-Revision", "Accept-Ranges"] },
  206: {
    description: "The bytes asked for",
    content: bytes,
    headers: ["ETag", "X-Revision", "Accept-Ranges", "Content-Range"],
  },
  304: { description: "Not changed", headers: ["ETag", "X-Revision"] },
};

/** What the document says of what devices fetch. */
export const deliveryOperations: Operations = {
  "/api/configs/{mac}.json": {
    get: {
      tag: "Devices",
      repeatsIdOnly: true,
      summary: "Fetch a config's content, as a device does",
      parameters: [macInPath, ifMatch, ifNoneMatch],
      answers: {
        200: {
          description: "The content alone, as it was written",
          content: { type: "application/json", schema: v.record(v.string(), v.unknown()) },
          headers: ["ETag", "X-Revision"],
        },
        304: { description: "Not changed", headers: ["ETag", "X-Revision"] },
      },
      faults: ["INVALID_OPERATION", "RECORD_NOT_FOUND", "PRECONDITION_FAILED"],
    },
  },
  "/api/assets/{filename}": {
    get: {
      tag: "Devices",
      repeatsIdOnly: true,
      summary: "Fetch an asset, or a part of it",
      description: "With `revision` the bytes never change: that revision's, or 404.",
      parameters: [
        filenameInPath,
        { in: "query", name: "revision", description: "The newest one where it is left out", example: "7" },
        { in: "query", name: "mac", description: "The device that asks, for the fleet's view" },
        ifMatch,
        ifNoneMatch,
        range,
        ifRange,
      ],
      answers: assetAnswers,
      faults: ["VALIDATION_FAILED", "RECORD_NOT_FOUND", "PRECONDITION_FAILED", "RANGE_NOT_SATISFIABLE"],
    },
  },
  "/api/configs/{mac}/revisions/{revision}": {
    get: {
      tag: "Revisions",
      summary: "Fetch the content of one revision",
      parameters: [macInPath, ifMatch, revision, ifNoneMatch],
      answers: {
        200: {
          description: "The content alone, as it was written",
          content: { type: "application/json", schema: v.record(v.string(), v.unknown()) },
          headers: ["ETag", "X-Revision"],
        },
        304: { description: "Not changed", headers: ["ETag", "X-Revision"] },
      },
      faults: ["INVALID_OPERATION", "VALIDATION_FAILED", "RECORD_NOT_FOUND", "PRECONDITION_FAILED"],
    },
  },
  "/api/assets/{filename}/revisions/{revision}": {
    get: {
      tag: "Revisions",
      summary: "Fetch the bytes of one revision, or a part of them",
      parameters: [filenameInPath, ifMatch, revision, ifNoneMatch, range, ifRange],
      answers: assetAnswers,
      faults: ["VALIDATION_FAILED", "RECORD_NOT_FOUND", "PRECONDITION_FAILED", "RANGE_NOT_SATISFIABLE"],
    },
  },
};
