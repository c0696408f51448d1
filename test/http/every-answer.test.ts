import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { multipart } from "../support/multipart.ts";
import { documentedOnce, startTestService, type TestService } from "../support/service.ts";
import { signedFields } from "../support/signed-form.ts";
import { canMountDisks } from "../support/small-disk.ts";
import {
  ask,
  asked,
  FIRMWARE,
  fill,
  IMAGE,
  onBusyService,
  onCrowdedService,
  onDamagedService,
  onFullDisk,
  onFullDiskWithBroker,
  onKeylessService,
  onServiceWithoutDatabase,
  onUnwritableService,
  PORCH,
  type Reach,
  type Request,
  stalled,
  usualSettings,
} from "./surroundings.ts";

// Every TestService holds, in all tests, that nothing is answered which is not documented. Here the reverse is held:
// what is documented can be answered, each status of each operation, and each code that a refusal may have.

type Operation = {
  readonly request: () => Omit<Request, "method">;
  /** Null: only a bug of ours brings it about. */
  readonly answers: Readonly<Record<string, Reach | null>>;
};

const UNKNOWN_CONFIG = "/api/configs/00-00-00-00-00-00";
const UNKNOWN_DEVICE = "/api/devices/00-00-00-00-00-01";
const UNKNOWN_ASSET = "/api/assets/unknown.bin";

const any = { "400 VALIDATION_FAILED": asked({ headers: { Host: "two, hosts" } }) };
const withoutDisk = { "200": asked(), ...any, "500 INTERNAL_ERROR": null };
const change = {
  ...any,
  "403 FORBIDDEN": asked({ headers: { Origin: "https://foreign.example" } }),
  "500 INTERNAL_ERROR": null,
  "503 STORE_UNAVAILABLE": onDamagedService,
  "507 STORAGE_FULL": onFullDisk,
};
const conditional = { "412 PRECONDITION_FAILED": asked({ headers: { "If-Match": `"another"` } }) };
const list = {
  "200": asked(),
  ...any,
  "500 INTERNAL_ERROR": onDamagedService,
  "503 STORE_UNAVAILABLE": onServiceWithoutDatabase,
  "503 BUSY": onBusyService,
};
const file = {
  "200": asked(),
  "304": asked({ headers: { "If-None-Match": "*" } }),
  ...conditional,
  ...any,
  "500 INTERNAL_ERROR": onDamagedService,
};

const read = { "200": asked(), ...any, "500 INTERNAL_ERROR": onDamagedService };

const operations: Readonly<Record<string, Operation>> = {
  "GET /api/configs": { request: () => ({ path: "/api/configs" }), answers: list },
  "GET /api/configs/{mac}": {
    request: () => ({ path: `/api/configs/${PORCH}` }),
    answers: {
      ...file,
      "400 INVALID_OPERATION": asked({ path: "/api/configs/porch" }),
      "404 RECORD_NOT_FOUND": asked({ path: UNKNOWN_CONFIG }),
    },
  },
  "PUT /api/configs/{mac}": {
    request: () => save({}),
    answers: {
      ...change,
      ...conditional,
      "200": asked(),
      "400 INVALID_OPERATION": asked({ path: "/api/configs/porch" }),
      "409 RECORD_EXISTS": asked({ body: `{"content":{},"allow_overwrite":false}` }),
      "413 PAYLOAD_TOO_LARGE": asked(save({ filling: "x".repeat(1_000) })),
      "415 UNSUPPORTED_MEDIA_TYPE": asked({ headers: { "Content-Type": "text/plain" } }),
      "503 BUSY": onBusyService,
    },
  },
  "DELETE /api/configs/{mac}": {
    request: () => ({ path: `/api/configs/${PORCH}` }),
    answers: {
      ...change,
      ...conditional,
      "204": asked(),
      "400 INVALID_OPERATION": asked({ path: "/api/configs/porch" }),
      "404 RECORD_NOT_FOUND": asked({ path: UNKNOWN_CONFIG }),
      "503 BUSY": onBusyService,
    },
  },
  "GET /api/configs/{mac}.json": {
    request: () => ({ path: `/api/configs/${PORCH}.json` }),
    answers: {
      ...file,
      "400 INVALID_OPERATION": asked({ path: "/api/configs/porch.json" }),
      "404 RECORD_NOT_FOUND": asked({ path: `${UNKNOWN_CONFIG}.json` }),
    },
  },
  "GET /api/assets": { request: () => ({ path: "/api/assets" }), answers: list },
  "POST /api/assets": {
    request: () => upload("bytes"),
    answers: {
      ...change,
      "200": asked(),
      "408 REQUEST_TIMEOUT": stalled,
      "413 PAYLOAD_TOO_LARGE": asked(upload("x".repeat(10_001))),
      "415 UNSUPPORTED_MEDIA_TYPE": asked({ headers: { "Content-Type": "application/json" } }),
      "503 BUSY": onCrowdedService,
      "503 UPLOADS_DISABLED": onKeylessService,
    },
  },
  "GET /api/assets/{filename}": {
    request: () => ({ path: `/api/assets/${FIRMWARE}` }),
    answers: {
      ...file,
      "206": asked({ headers: { Range: "bytes=0-0" } }),
      "404 RECORD_NOT_FOUND": asked({ path: UNKNOWN_ASSET }),
      "416 RANGE_NOT_SATISFIABLE": asked({ headers: { Range: "bytes=1000-" } }),
    },
  },
  "DELETE /api/assets/{filename}": {
    request: () => ({ path: `/api/assets/${FIRMWARE}` }),
    answers: {
      ...change,
      ...conditional,
      "204": asked(),
      "404 RECORD_NOT_FOUND": asked({ path: UNKNOWN_ASSET }),
      "503 BUSY": onBusyService,
    },
  },
  "POST /api/configs/{mac}/rollback": {
    request: () => rollback(`/api/configs/${PORCH}`),
    answers: {
      ...change,
      ...conditional,
      "503 STORE_UNAVAILABLE": onUnwritableService,
      "200": asked(),
      "400 INVALID_OPERATION": asked({ path: "/api/configs/porch/rollback" }),
      "404 RECORD_NOT_FOUND": asked({ path: `${UNKNOWN_CONFIG}/rollback` }),
      "413 PAYLOAD_TOO_LARGE": asked({ body: `{"to":1,"message":"${"x".repeat(10_000)}"}` }),
      "415 UNSUPPORTED_MEDIA_TYPE": asked({ headers: { "Content-Type": "text/plain" } }),
      "503 BUSY": onBusyService,
    },
  },
  "POST /api/assets/{filename}/rollback": {
    request: () => rollback(`/api/assets/${FIRMWARE}`),
    answers: {
      ...change,
      ...conditional,
      "503 STORE_UNAVAILABLE": onUnwritableService,
      "200": asked(),
      "404 RECORD_NOT_FOUND": asked({ path: `${UNKNOWN_ASSET}/rollback` }),
      "413 PAYLOAD_TOO_LARGE": asked({ body: `{"to":1,"message":"${"x".repeat(10_000)}"}` }),
      "415 UNSUPPORTED_MEDIA_TYPE": asked({ headers: { "Content-Type": "text/plain" } }),
      "503 BUSY": onBusyService,
    },
  },
  "GET /api/firmware/{filename}": {
    request: () => ({ path: `/api/firmware/${IMAGE}` }),
    answers: {
      ...read,
      ...conditional,
      "206": asked({ headers: { Range: "bytes=0-0" } }),
      "304": asked({ headers: { "x-ESP32-version": "1.4.2" } }),
      "403 FORBIDDEN": asked({ headers: { "x-ESP32-free-space": "100" } }),
      "404 RECORD_NOT_FOUND": asked({ path: "/api/firmware/unknown.bin" }),
      "409 WRONG_CHIP": asked({ path: `/api/firmware/${IMAGE}?chip=esp32s3` }),
      "416 RANGE_NOT_SATISFIABLE": asked({ headers: { Range: "bytes=100000-" } }),
    },
  },
  "GET /api/manifests/{filename}.json": {
    request: () => ({ path: `/api/manifests/${IMAGE}.json` }),
    answers: {
      ...read,
      "404 RECORD_NOT_FOUND": asked({ path: `/api/manifests/${FIRMWARE}.json` }),
      "409 WRONG_CHIP": asked({ path: `/api/manifests/${IMAGE}.json?chip=esp32s3` }),
    },
  },
  "GET /api/devices/{mac}/manifests/{filename}.json": {
    request: () => ({ path: `/api/devices/${PORCH}/manifests/${IMAGE}.json` }),
    answers: {
      ...read,
      "400 INVALID_OPERATION": asked({ path: `/api/devices/porch/manifests/${IMAGE}.json` }),
      "404 RECORD_NOT_FOUND": asked({ path: `/api/devices/${PORCH}/manifests/${FIRMWARE}.json` }),
      "409 WRONG_CHIP": asked({ path: `/api/devices/${PORCH}/manifests/${IMAGE}.json?chip=esp32s3` }),
    },
  },
  "POST /api/devices/{mac}/checkin": {
    request: () => json(`/api/devices/${PORCH}/checkin`, { running: { [IMAGE]: "1.4.1" } }),
    answers: {
      ...read,
      "400 INVALID_OPERATION": asked({ path: "/api/devices/porch/checkin" }),
      "403 FORBIDDEN": asked({ headers: { Origin: "https://foreign.example" } }),
      "413 PAYLOAD_TOO_LARGE": asked({ body: `{"note":"${"x".repeat(10_000)}"}` }),
      "415 UNSUPPORTED_MEDIA_TYPE": asked({ headers: { "Content-Type": "text/plain" } }),
    },
  },
  "GET /api/assets/{filename}/md5": {
    request: () => ({ path: `/api/assets/${FIRMWARE}/md5` }),
    answers: { ...read, "404 RECORD_NOT_FOUND": asked({ path: `${UNKNOWN_ASSET}/md5` }) },
  },
  "GET /api/assets/{filename}/sha256": {
    request: () => ({ path: `/api/assets/${FIRMWARE}/sha256` }),
    answers: { ...read, "404 RECORD_NOT_FOUND": asked({ path: `${UNKNOWN_ASSET}/sha256` }) },
  },
  "GET /api/configs/{mac}/revisions": {
    request: () => ({ path: `/api/configs/${PORCH}/revisions` }),
    answers: {
      ...read,
      "400 INVALID_OPERATION": asked({ path: "/api/configs/porch/revisions" }),
      "404 RECORD_NOT_FOUND": asked({ path: `${UNKNOWN_CONFIG}/revisions` }),
    },
  },
  "GET /api/assets/{filename}/revisions": {
    request: () => ({ path: `/api/assets/${FIRMWARE}/revisions` }),
    answers: { ...read, "404 RECORD_NOT_FOUND": asked({ path: `${UNKNOWN_ASSET}/revisions` }) },
  },
  "GET /api/configs/{mac}/revisions/{revision}": {
    request: () => ({ path: `/api/configs/${PORCH}/revisions/1` }),
    answers: {
      ...file,
      "400 INVALID_OPERATION": asked({ path: "/api/configs/porch/revisions/1" }),
      "404 RECORD_NOT_FOUND": asked({ path: `/api/configs/${PORCH}/revisions/999999` }),
    },
  },
  "GET /api/assets/{filename}/revisions/{revision}": {
    request: () => ({ path: `/api/assets/${FIRMWARE}/revisions/1` }),
    answers: {
      ...file,
      "206": asked({ headers: { Range: "bytes=0-0" } }),
      "404 RECORD_NOT_FOUND": asked({ path: `/api/assets/${FIRMWARE}/revisions/999999` }),
      "416 RANGE_NOT_SATISFIABLE": asked({ headers: { Range: "bytes=1000-" } }),
    },
  },
  "GET /api/configs/{mac}/revisions/{revision}/diff": {
    request: () => ({ path: `/api/configs/${PORCH}/revisions/1/diff?against=1` }),
    answers: {
      ...read,
      "400 INVALID_OPERATION": asked({ path: "/api/configs/porch/revisions/1/diff" }),
      "404 RECORD_NOT_FOUND": asked({ path: `/api/configs/${PORCH}/revisions/999999/diff` }),
    },
  },
  "GET /api/devices": { request: () => ({ path: "/api/devices" }), answers: list },
  "GET /api/devices/{mac}": {
    request: () => ({ path: `/api/devices/${PORCH}` }),
    answers: {
      ...read,
      "400 INVALID_OPERATION": asked({ path: "/api/devices/porch" }),
      "404 RECORD_NOT_FOUND": asked({ path: UNKNOWN_DEVICE }),
    },
  },
  "PATCH /api/devices/{mac}": {
    request: () => json(`/api/devices/${PORCH}`, { name: "porch" }),
    answers: {
      ...change,
      "200": asked(),
      "400 INVALID_OPERATION": asked({ path: "/api/devices/porch" }),
      "404 RECORD_NOT_FOUND": asked({ path: UNKNOWN_DEVICE }),
      "413 PAYLOAD_TOO_LARGE": asked({ body: `{"name":"${"x".repeat(20_000)}"}` }),
      "415 UNSUPPORTED_MEDIA_TYPE": asked({ headers: { "Content-Type": "text/plain" } }),
      "503 BUSY": onBusyService,
    },
  },
  "DELETE /api/devices/{mac}": {
    request: () => ({ path: `/api/devices/${PORCH}` }),
    answers: {
      ...change,
      "204": asked(),
      "400 INVALID_OPERATION": asked({ path: "/api/devices/porch" }),
      "404 RECORD_NOT_FOUND": asked({ path: UNKNOWN_DEVICE }),
      "503 BUSY": onBusyService,
    },
  },
  "POST /api/devices/{mac}/nudge": {
    request: () => ({ path: `/api/devices/${PORCH}/nudge` }),
    answers: {
      ...change,
      "507 STORAGE_FULL": onFullDiskWithBroker,
      "202": asked(),
      "400 INVALID_OPERATION": asked({ path: "/api/devices/porch/nudge" }),
      "404 RECORD_NOT_FOUND": asked({ path: `${UNKNOWN_DEVICE}/nudge` }),
      "503 BUSY": onBusyService,
    },
  },
  "POST /api/announcements": {
    request: () => json("/api/announcements", { file: FIRMWARE }),
    answers: {
      ...change,
      "507 STORAGE_FULL": onFullDiskWithBroker,
      "202": asked(),
      "404 RECORD_NOT_FOUND": asked({ body: `{"file":"unknown.bin"}` }),
      "413 PAYLOAD_TOO_LARGE": asked({ body: `{"file":"${"x".repeat(20_000)}"}` }),
      "415 UNSUPPORTED_MEDIA_TYPE": asked({ headers: { "Content-Type": "text/plain" } }),
      "503 BUSY": onBusyService,
    },
  },
  "GET /api/convergence": {
    request: () => ({ path: `/api/convergence?file=${FIRMWARE}` }),
    answers: { ...list, "404 RECORD_NOT_FOUND": asked({ path: "/api/convergence?file=unknown.bin" }) },
  },
  "GET /api/health": {
    request: () => ({ path: "/api/health" }),
    answers: { ...withoutDisk, "503": onDamagedService },
  },
  "GET /api/health/live": { request: () => ({ path: "/api/health/live" }), answers: withoutDisk },
  "GET /api/health/ready": {
    request: () => ({ path: "/api/health/ready" }),
    answers: { ...withoutDisk, "503": onDamagedService },
  },
  "GET /metrics": { request: () => ({ path: "/metrics" }), answers: withoutDisk },
  "GET /api/openapi.json": { request: () => ({ path: "/api/openapi.json" }), answers: withoutDisk },
  "GET /api/docs": { request: () => ({ path: "/api/docs" }), answers: withoutDisk },
};

const rows = Object.entries(operations).flatMap(([operation, { request, answers }]) =>
  Object.entries(answers).map(([answer, reach]) => ({ operation, answer, reach, request })),
);

describe("an operation", () => {
  let usual: TestService;
  beforeAll(async () => {
    usual = await startTestService(usualSettings);
  });
  afterAll(() => usual[Symbol.asyncDispose]());

  test("is documented with exactly these answers", async () => {
    const { answers } = await documentedOnce();
    expect(rows.map(({ operation, answer }) => `${operation} ${answer}`).toSorted()).toEqual(
      answers.toSorted(),
    );
  });

  for (const { operation, answer, reach, request } of rows) {
    if (reach === null) continue;
    const isPossible = canMountDisks || (reach !== onFullDisk && reach !== onFullDiskWithBroker);
    test.skipIf(!isPossible)(`${operation} answers ${answer}`, async () => {
      const asking = { method: operation.split(" ")[0] ?? "", ...request() };
      const given = await reach(asking, usual);
      await (await documentedOnce()).check(asking, given);
      const text = await given.text();
      const code = answer.includes(" ") ? ` ${JSON.parse(text).code}` : "";
      expect(`${given.status}${code}`, text).toBe(answer);
    });
  }
});

describe("besides the methods that are documented", () => {
  const reads = Object.entries(operations).filter(([operation]) => operation.startsWith("GET "));

  test("HEAD is answered wherever GET is, and the same, without the body", async () => {
    await using service = await startTestService();
    await fill(service);
    for (const [operation, { request }] of reads) {
      const inFull = await ask(service, { method: "GET", ...request() });
      const head = await ask(service, { method: "HEAD", ...request() });
      expect([operation, head.status, await head.text()]).toEqual([operation, inFull.status, ""]);
      for (const name of ["Content-Type", "ETag", "X-Revision", "Accept-Ranges", "Cache-Control"]) {
        expect([operation, name, head.headers.get(name)]).toEqual([
          operation,
          name,
          inFull.headers.get(name),
        ]);
      }
      expect(Number(head.headers.get("Content-Length"))).toBeGreaterThan(0);
    }
  });

  test("OPTIONS is answered to the pages that may ask, on each path", async () => {
    await using service = await startTestService({ corsOrigins: ["https://ui.example"] });
    for (const [operation, { request }] of Object.entries(operations)) {
      const headers = {
        Origin: "https://ui.example",
        "Access-Control-Request-Method": operation.split(" ")[0] ?? "",
      };
      const answer = await service.request("OPTIONS", request().path, { headers });
      expect([operation, answer.status]).toEqual([operation, 204]);
      expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("https://ui.example");
    }
  });
});

function save(content: object): Omit<Request, "method"> {
  return {
    path: `/api/configs/${PORCH}`,
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ content }),
  };
}

function upload(bytes: string): Omit<Request, "method"> {
  const { contentType, body } = multipart([
    ...signedFields(),
    { name: "file", value: bytes, filename: "new.bin" },
  ]);
  return { path: "/api/assets", headers: { "Content-Type": contentType }, body };
}

function rollback(path: string): Omit<Request, "method"> {
  return json(`${path}/rollback`, { to: 1 });
}

function json(path: string, body: object): Omit<Request, "method"> {
  return { path, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}
