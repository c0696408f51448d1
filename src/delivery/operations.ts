import * as v from "valibot";
import { ifNoneMatch, type Operations } from "../http/index.ts";

const bytes = { type: "application/octet-stream", schema: null };

/** What the document says of what devices fetch. */
export const deliveryOperations: Operations = {
  "/api/configs/{mac}.json": {
    get: {
      tag: "Devices",
      repeatsIdOnly: true,
      summary: "Fetch a config's content, as a device does",
      parameters: [
        { in: "path", name: "mac", description: "The device's MAC address", example: "aa-bb-cc-dd-ee-ff" },
        ifNoneMatch,
      ],
      answers: {
        200: {
          description: "The content alone, as it was written",
          content: { type: "application/json", schema: v.record(v.string(), v.unknown()) },
          headers: ["ETag", "X-Revision"],
        },
        304: { description: "Not changed", headers: ["ETag", "X-Revision"] },
      },
      faults: ["INVALID_OPERATION", "RECORD_NOT_FOUND"],
    },
  },
  "/api/assets/{filename}": {
    get: {
      tag: "Devices",
      repeatsIdOnly: true,
      summary: "Fetch an asset, or a part of it",
      parameters: [
        { in: "path", name: "filename", description: "The asset's name", example: "firmware.bin" },
        ifNoneMatch,
        { in: "header", name: "Range", description: "One range of bytes", example: "bytes=0-1023" },
        {
          in: "header",
          name: "If-Range",
          description: "An ETag: where it is not current, the whole is answered",
        },
      ],
      answers: {
        200: {
          description: "All its bytes",
          content: bytes,
          headers: ["ETag", "X-Revision", "Accept-Ranges"],
        },
        206: {
          description: "The bytes asked for",
          content: bytes,
          headers: ["ETag", "X-Revision", "Accept-Ranges", "Content-Range"],
        },
        304: { description: "Not changed", headers: ["ETag", "X-Revision"] },
      },
      faults: ["VALIDATION_FAILED", "RECORD_NOT_FOUND", "RANGE_NOT_SATISFIABLE"],
    },
  },
};
