import { macInPath, type Operations } from "../http/index.ts";
import { ConvergenceAnswer, DeviceAnswer, DeviceList } from "./answers.ts";
import { AnnouncementBody, ConvergenceQuery, DevicePatch, DeviceQuery } from "./routes.ts";

const device = {
  200: { description: "The device", content: { type: "application/json", schema: DeviceAnswer } },
};
const announced = { 202: { description: "It will be announced again" } };
const ofWrites = ["FORBIDDEN", "STORE_UNAVAILABLE", "BUSY", "STORAGE_FULL"] as const;

/** What the document says of the fleet. */
export const fleetOperations: Operations = {
  "/api/devices": {
    get: {
      tag: "Fleet",
      summary: "List devices, and how far each is with its files",
      query: DeviceQuery,
      answers: {
        200: { description: "The list", content: { type: "application/json", schema: DeviceList } },
      },
      faults: ["VALIDATION_FAILED", "STORE_UNAVAILABLE", "BUSY"],
    },
  },
  "/api/devices/{mac}": {
    get: {
      tag: "Fleet",
      summary: "How far a device is with its files",
      parameters: [macInPath],
      answers: device,
      faults: ["INVALID_OPERATION", "RECORD_NOT_FOUND"],
    },
    patch: {
      tag: "Fleet",
      summary: "Say what a device is called",
      description: "What is left out stays as it is; null takes it away.",
      parameters: [macInPath],
      body: { type: "application/json", schema: DevicePatch, description: "What changes" },
      answers: device,
      faults: [
        "INVALID_OPERATION",
        "VALIDATION_FAILED",
        "RECORD_NOT_FOUND",
        "PAYLOAD_TOO_LARGE",
        "UNSUPPORTED_MEDIA_TYPE",
        ...ofWrites,
      ],
    },
    delete: {
      tag: "Fleet",
      summary: "Forget a device; its config stays",
      parameters: [macInPath],
      answers: { 204: { description: "Forgotten" } },
      faults: ["INVALID_OPERATION", "RECORD_NOT_FOUND", ...ofWrites],
    },
  },
  "/api/devices/{mac}/nudge": {
    post: {
      tag: "Fleet",
      summary: "Announce a device's files again",
      description:
        "To this device alone, on its own topic, where MQTT_DEVICE_TOPICS is on or only; else on the topics that all devices share.",
      parameters: [macInPath],
      answers: announced,
      faults: ["INVALID_OPERATION", "RECORD_NOT_FOUND", ...ofWrites],
    },
  },
  "/api/announcements": {
    post: {
      tag: "Fleet",
      summary: "Announce a file again, though it has not changed",
      body: { type: "application/json", schema: AnnouncementBody, description: "Which file" },
      answers: announced,
      faults: [
        "VALIDATION_FAILED",
        "RECORD_NOT_FOUND",
        "PAYLOAD_TOO_LARGE",
        "UNSUPPORTED_MEDIA_TYPE",
        ...ofWrites,
      ],
    },
  },
  "/api/convergence": {
    get: {
      tag: "Fleet",
      summary: "How far the fleet is with a file",
      query: ConvergenceQuery,
      answers: {
        200: { description: "How far", content: { type: "application/json", schema: ConvergenceAnswer } },
      },
      faults: ["VALIDATION_FAILED", "RECORD_NOT_FOUND", "STORE_UNAVAILABLE", "BUSY"],
    },
  },
};
