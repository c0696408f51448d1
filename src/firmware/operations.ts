import { filenameInPath, macInPath, type Operation, type Operations, type Parameter } from "../http/index.ts";
import { CheckInAnswer, CheckInBody } from "./check-in.ts";
import { Manifest } from "./manifest.ts";

const chip: Parameter = {
  in: "query",
  name: "chip",
  description: "The device's chip, which no header names",
  example: "ESP32-C3",
};
const updater = (name: string, description: string): Parameter => ({
  in: "header",
  name: `x-ESP32-${name}`,
  description: `${description}; on ESP8266 x-ESP8266-${name}`,
});
const bytes = { type: "application/octet-stream", schema: null };

/** What the document says of what updaters ask for. */
export const firmwareOperations: Operations = {
  "/api/firmware/{filename}": {
    get: {
      tag: "Devices",
      repeatsIdOnly: true,
      summary: "Fetch an image as Arduino's updaters do, unless the device runs it",
      description:
        "304 where the device says that it runs just this. `x-ESP8266-mode: version` is answered with `x-version`, without bytes.",
      parameters: [
        filenameInPath,
        chip,
        updater("mode", "What is to be written"),
        updater("version", "The version that the device runs"),
        updater("sketch-md5", "The MD5 of what it runs"),
        { in: "header", name: "x-ESP32-sketch-sha256", description: "The SHA-256 of what it runs" },
        updater("free-space", "How many bytes it has room for"),
      ],
      answers: {
        200: {
          description: "All its bytes, with x-MD5 and x-SHA256; or the version alone, with x-version",
          content: bytes,
        },
        206: {
          description: "The bytes asked for",
          content: bytes,
          headers: ["ETag", "X-Revision", "Accept-Ranges", "Content-Range"],
        },
        304: { description: "The device has it", headers: ["ETag", "X-Revision"] },
      },
      faults: [
        "VALIDATION_FAILED",
        "FORBIDDEN",
        "RECORD_NOT_FOUND",
        "WRONG_CHIP",
        "PRECONDITION_FAILED",
        "RANGE_NOT_SATISFIABLE",
      ],
    },
  },
  "/api/manifests/{filename}.json": {
    get: {
      tag: "Devices",
      summary: "What ESPHome and ESP Web Tools want to know of an image",
      parameters: [filenameInPath, chip],
      answers: {
        200: { description: "The manifest", content: { type: "application/json", schema: Manifest } },
      },
      faults: ["VALIDATION_FAILED", "RECORD_NOT_FOUND", "WRONG_CHIP"],
    },
  },
  "/api/devices/{mac}/manifests/{filename}.json": {
    get: {
      tag: "Devices",
      summary: "The same for one device, which is then known to be the one that downloads",
      parameters: [macInPath, filenameInPath, chip],
      answers: {
        200: { description: "The manifest", content: { type: "application/json", schema: Manifest } },
      },
      faults: ["INVALID_OPERATION", "VALIDATION_FAILED", "RECORD_NOT_FOUND", "WRONG_CHIP"],
    },
  },
  "/api/devices/{mac}/checkin": {
    post: {
      tag: "Devices",
      summary: "Say what a device runs, and be told what is newest for it",
      description:
        "One request at wake-up. What is answered are its config, the assets that it reports and those that it is known to use.",
      parameters: [macInPath],
      body: { type: "application/json", schema: CheckInBody, description: "All of it may be left out" },
      answers: {
        200: { description: "What is newest", content: { type: "application/json", schema: CheckInAnswer } },
      },
      faults: [
        "INVALID_OPERATION",
        "VALIDATION_FAILED",
        "FORBIDDEN",
        "PAYLOAD_TOO_LARGE",
        "UNSUPPORTED_MEDIA_TYPE",
      ],
    },
  },
  "/api/assets/{filename}/md5": { get: hashOf("MD5") },
  "/api/assets/{filename}/sha256": { get: hashOf("SHA-256") },
};

function hashOf(kind: string): Operation {
  return {
    tag: "Devices",
    summary: `The ${kind} of an asset's bytes`,
    parameters: [
      filenameInPath,
      { in: "query", name: "revision", description: "The newest one where it is left out", example: "7" },
    ],
    answers: {
      200: {
        description: "Its hexadecimal digits, in lower case, and nothing else",
        content: { type: "text/plain", schema: null },
        headers: ["X-Revision"],
      },
    },
    faults: ["VALIDATION_FAILED", "RECORD_NOT_FOUND"],
  };
}
