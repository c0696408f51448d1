import { describe, expect, test } from "bun:test";
import * as faults from "../../src/fault.ts";
import { faultFrom, faultResponse, statusOf } from "../../src/http/faults.ts";
import { expectRefusal } from "../support/refusal.ts";

/** One of each, as the code throws them. */
const all: readonly (readonly [faults.Fault, number])[] = [
  [faults.recordNotFound("config", "x"), 404],
  [faults.recordExists("config", "aa-bb-cc-dd-ee-ff"), 409],
  [faults.validationFailed("timestamp", "is missing"), 400],
  [faults.invalidMac("x"), 400],
  [faults.wrongChip("plug.bin", "ESP32-S3", "ESP32-C3"), 409],
  [faults.preconditionFailed("If-Match", "is another"), 412],
  [faults.unsupportedMediaType("Content-Type", null, "application/json"), 415],
  [faults.payloadTooLarge("file", 10), 413],
  [faults.requestTimeout("body: too slow"), 408],
  [faults.rangeNotSatisfiable(10), 416],
  [faults.methodNotAllowed("PATCH", ["GET", "HEAD"]), 405],
  [faults.forbidden("no"), 403],
  [faults.busy("later"), 503],
  [faults.uploadsDisabled(), 503],
  [faults.storageFull(), 507],
  [faults.storeUnavailable("its thread ended"), 503],
  [faultFrom(new Error("a bug")), 500],
];

describe("a fault's answer", () => {
  test.each(all.map(([fault, status]) => [fault.code, fault, status] as const))(
    "for %s has its status, and the four fields of every refusal",
    async (code, fault, status) => {
      const response = faultResponse(fault, "request-1");
      response.headers.set("X-Request-Id", "request-1"); // As `observe` does.
      const refusal = await expectRefusal(response, status, code);
      expect(refusal).toMatchObject({ error: fault.message, correlationId: "request-1" });
      expect(response.headers.get("Cache-Control")).toBe("no-store");
    },
  );

  test("is there for every code", () => {
    const codes = new Set<string>(all.map(([{ code }]) => code));
    expect([...codes].toSorted()).toEqual(Object.keys(statusOf).toSorted());
  });

  test("says in its headers what a client is to do", () => {
    const header = (fault: faults.Fault, name: string) => faultResponse(fault, "1").headers.get(name);
    expect(header(faults.methodNotAllowed("PATCH", ["GET", "HEAD"]), "Allow")).toBe("GET, HEAD");
    expect(header(faults.rangeNotSatisfiable(10), "Content-Range")).toBe("bytes */10");
    expect(header(faults.busy("later"), "Retry-After")).toMatch(/^[1-9]\d*$/);
    expect(header(faults.storeUnavailable("gone"), "Retry-After")).toMatch(/^[1-9]\d*$/);
    expect(header(faults.payloadTooLarge("file", 10), "Connection")).toBeNull();
    expect(header(faults.requestTimeout("slow"), "Connection")).toBe("close");
    expect(header(faults.recordNotFound("config", "x"), "Retry-After")).toBeNull();
  });
});

describe("what was thrown", () => {
  test("is answered as it is where it is a fault", () => {
    const fault = faults.busy("later");
    expect(faultFrom(fault)).toBe(fault);
  });

  const bugs: readonly (readonly [string, unknown])[] = [
    ["an error of a driver", new Error("SQLITE_IOERR at /data/secret")],
    ["a string", "a secret"],
    ["nothing", null],
    ["what only looks like a fault", { code: "BUSY", message: "a secret" }],
  ];
  test.each(bugs)("is a bug where it is %s, and shows nothing of itself", async (_, thrown) => {
    const fault = faultFrom(thrown);
    expect(fault.cause).toBe(thrown);
    const text = await faultResponse(fault, "request-1").text();
    expect(JSON.parse(text)).toMatchObject({ code: "INTERNAL_ERROR", details: null });
    expect(text).not.toMatch(/SQLITE|secret|BUSY/);
  });
});
