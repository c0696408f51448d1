import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { constants, sign } from "node:crypto";
import { makeSigningKey, signingKey, signTimestamp } from "../support/keys.ts";
import type { Part } from "../support/multipart.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startTestService, type TestService } from "../support/service.ts";

const NOW = new Date("2026-03-01T12:00:00.000Z");
const TIMESTAMP = NOW.toISOString();
const TOLERANCE_MS = 300_000;

let service: TestService;
beforeAll(async () => {
  service = await startTestService({}, () => NOW);
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

describe("attack A6 a signature is refused", () => {
  const right = signTimestamp(TIMESTAMP);
  const pss = sign("sha256", Buffer.from(TIMESTAMP), {
    key: signingKey().privateKey,
    padding: constants.RSA_PKCS1_PSS_PADDING,
  });
  const sha1 = sign("sha1", Buffer.from(TIMESTAMP), signingKey().privateKey);
  const signatures: readonly (readonly [string, string])[] = [
    ["of another timestamp", signTimestamp("2026-03-01T12:00:01.000Z")],
    ["of the same moment, written otherwise", signTimestamp("2026-03-01T12:00:00Z")],
    ["of another key", signTimestamp(TIMESTAMP, makeSigningKey())],
    ["of RSA-PSS", pss.toString("base64")],
    ["with SHA-1", sha1.toString("base64")],
    ["that is empty", ""],
    ["in base64url", Buffer.from(right, "base64").toString("base64url")],
    ["in hexadecimal", Buffer.from(right, "base64").toString("hex")],
    ["with spaces in it", right.replace(/.{64}/g, "$& ")],
    ["with a byte too many", Buffer.concat([Buffer.from(right, "base64"), Buffer.of(0)]).toString("base64")],
    ["with a byte too few", Buffer.from(right, "base64").subarray(1).toString("base64")],
    ["of zeros", Buffer.alloc(256).toString("base64")],
  ];
  test.each(signatures)("%s", async (_, signature) => {
    const response = await service.tryToUpload({
      name: "fw.bin",
      bytes: "x",
      timestamp: TIMESTAMP,
      signature,
    });
    const { error } = await expectRefusal(response, 400, "VALIDATION_FAILED");
    expect(error).toContain("signature");
    expect(await service.listAssets()).toEqual([]);
  });

  test("of 1 MB", async () => {
    const signature = Buffer.alloc(750_000).toString("base64");
    const response = await service.tryToUpload({
      name: "fw.bin",
      bytes: "x",
      timestamp: TIMESTAMP,
      signature,
    });
    const { error } = await expectRefusal(response, 400, "VALIDATION_FAILED");
    expect(error).toContain("signature");
  });
});

describe("attack A6 a timestamp is refused, though its signature fits", () => {
  const timestamps: readonly (readonly [string, string])[] = [
    ["301 s old", at(-TOLERANCE_MS - 1_000)],
    ["301 s ahead", at(TOLERANCE_MS + 1_000)],
    ["1 ms too old", at(-TOLERANCE_MS - 1)],
    ["1 ms too far ahead", at(TOLERANCE_MS + 1)],
    ["of the year 9999", "9999-12-31T23:59:59Z"],
    ["of the year 275760", "+275760-09-13T00:00:00.000Z"],
    ["with an offset that does not exist", "2026-03-01T12:00:00+99:99"],
    ["that is the right time in another zone", "2026-03-01T12:00:00+01:00"],
    ["that is a date", "2026-03-01"],
    ["that is in no calendar", "2026-02-29T12:00:00Z"],
    ["with 61 seconds", "2026-03-01T11:59:61Z"],
    ["that is no number", "NaN"],
    ["in seconds since 1970", `${NOW.getTime() / 1000}`],
    ["as browsers write it", NOW.toString()],
    ["with spaces around it", ` ${TIMESTAMP} `],
    ["with a line feed at its end", `${TIMESTAMP}\n`],
    ["in other digits", "٢٠٢٦-03-01T12:00:00Z"],
    ["that is empty", ""],
  ];
  test.each(timestamps)("%s", async (_, timestamp) => {
    const response = await service.tryToUpload({ name: "fw.bin", bytes: "x", timestamp });
    const { error } = await expectRefusal(response, 400, "VALIDATION_FAILED");
    expect(error).toContain("timestamp");
    expect(await service.listAssets()).toEqual([]);
  });
});

describe("attack A6 a timestamp is accepted", () => {
  const timestamps: readonly (readonly [string, string])[] = [
    ["exactly 300 s old", at(-TOLERANCE_MS)],
    ["exactly 300 s ahead", at(TOLERANCE_MS)],
    ["as Python writes it, with microseconds", "2026-03-01T12:00:00.123456+00:00"],
    ["as Python writes it, in another zone", "2026-03-01T13:30:00.123456+01:30"],
    ["as Python writes it, without a zone", "2026-03-01T12:00:00.123456"],
    ["without a fraction", "2026-03-01T12:00:00Z"],
  ];
  test.each(timestamps)("%s", async (_, timestamp) => {
    const response = await service.tryToUpload({ name: "fw.bin", bytes: "x", timestamp });
    expect(response.status).toBe(200);
  });
});

test("attack A6 the first fault is told, in the contract's order: fields, file name, timestamp, signature", async () => {
  const signature = { name: "signature", value: "wrong" };
  const timestamp = { name: "timestamp", value: "NaN" };
  const file = { name: "file", value: "x", filename: "../x" };
  expect(await told([signature])).toStartWith("file:");
  expect(await told([file, timestamp, signature])).toStartWith("filename:");
  expect(await told([{ ...file, filename: "x" }, signature, timestamp])).toStartWith("timestamp:");
  expect(await told([{ ...file, filename: "x" }, signature, { ...timestamp, value: TIMESTAMP }])).toStartWith(
    "signature:",
  );

  async function told(parts: readonly Part[]): Promise<string> {
    return (await expectRefusal(await service.postForm(parts), 400, "VALIDATION_FAILED")).error;
  }
});

function at(offsetMs: number): string {
  return new Date(NOW.getTime() + offsetMs).toISOString();
}
