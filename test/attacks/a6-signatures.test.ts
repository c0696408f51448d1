import { expect } from "bun:test";
import { constants, sign } from "node:crypto";
import { type Cases, inEachCase } from "../support/cases.ts";
import { makeSigningKey, signingKey, signTimestamp } from "../support/keys.ts";
import type { Part } from "../support/multipart.ts";
import { mutated } from "../support/mutation.ts";
import { expectRefusal } from "../support/refusal.ts";
import { row } from "../support/row.ts";
import { startTestService } from "../support/service.ts";
import type { ServiceClient } from "../support/service-client.ts";
import { startLoneService } from "../support/service-process.ts";

const TOLERANCE_MS = 300_000;
/** What a request may take on its way to be late by. */
const SLACK_MS = 20_000;

type Made = (timestamp: string) => string;

const bytesOf: (timestamp: string) => Buffer = (timestamp) => Buffer.from(signTimestamp(timestamp), "base64");
const withPss: Made = (timestamp) => {
  const key = { key: signingKey().privateKey, padding: constants.RSA_PKCS1_PSS_PADDING };
  return sign("sha256", Buffer.from(timestamp), key).toString("base64");
};
const signatures: Cases<Made> = [
  ["of another timestamp", () => signTimestamp("2026-03-01T12:00:01.000Z")],
  ["of the same moment, written otherwise", (timestamp) => signTimestamp(timestamp.replace("Z", "+00:00"))],
  ["of another key", (timestamp) => signTimestamp(timestamp, makeSigningKey())],
  ["of RSA-PSS", withPss],
  [
    "with SHA-1",
    (timestamp) => sign("sha1", Buffer.from(timestamp), signingKey().privateKey).toString("base64"),
  ],
  ["that is empty", () => ""],
  ["in base64url", (timestamp) => bytesOf(timestamp).toString("base64url")],
  ["in hexadecimal", (timestamp) => bytesOf(timestamp).toString("hex")],
  ["with spaces in it", (timestamp) => signTimestamp(timestamp).replace(/.{64}/g, "$& ")],
  [
    "with a byte too many",
    (timestamp) => Buffer.concat([bytesOf(timestamp), Buffer.of(0)]).toString("base64"),
  ],
  ["with a byte too few", (timestamp) => bytesOf(timestamp).subarray(1).toString("base64")],
  ["of zeros", () => Buffer.alloc(256).toString("base64")],
  ["of the modulus' size in ones", () => Buffer.alloc(256, 0xff).toString("base64")],
  ["of 3 KB", () => Buffer.alloc(2_250).toString("base64")],
];

row(
  "A6",
  "a signature that is not the key's over this very timestamp is refused",
  { rounds: { test: 50, full: 5_000 } },
  async (run) => {
    await using service = await startLoneService();
    const drawn: Cases<Made> = Array.from({ length: run.rounds }, (_, at) => [
      `drawn ${at}`,
      drawnSignature(run.random),
    ]);
    const count = await inEachCase([...signatures, ...drawn], async (made) => {
      const timestamp = at(0);
      await expectRefused(service, "signature", timestamp, made(timestamp));
    });
    expect(await service.listAssets()).toEqual([]);
    run.did("signatures refused", count);
  },
);

row("A6", "a signature of 1 MB is refused on its way, in words that name it", {}, async () => {
  await using service = await startLoneService();
  const signature = Buffer.alloc(750_000).toString("base64");
  const response = await service.tryToUpload({ name: "fw.bin", bytes: "x", timestamp: at(0), signature });
  const { error } = await expectRefusal(response, 400, "VALIDATION_FAILED");
  expect(error).toContain("signature");
});

const timestamps: Cases<() => string> = [
  ["301 s old", () => at(-TOLERANCE_MS - 1_000)],
  ["301 s ahead, and the time it takes", () => at(TOLERANCE_MS + SLACK_MS)],
  ["of the year 9999", () => "9999-12-31T23:59:59Z"],
  ["of the year 275760", () => "+275760-09-13T00:00:00.000Z"],
  ["with an offset that does not exist", () => at(0).replace("Z", "+99:99")],
  ["that is the right time in another zone", () => at(0).replace("Z", "+01:00")],
  ["that is a date", () => at(0).slice(0, 10)],
  ["that is in no calendar", () => "2026-02-29T12:00:00Z"],
  ["with 61 seconds", () => at(0).replace(/:\d\d\.\d+Z/, ":61Z")],
  ["that is no number", () => "NaN"],
  ["in seconds since 1970", () => `${Date.now() / 1000}`],
  ["as browsers write it", () => new Date().toString()],
  ["with spaces around it", () => ` ${at(0)} `],
  ["with a line feed at its end", () => `${at(0)}\n`],
  ["in other digits", () => at(0).replace(/^\d{4}/, "٢٠٢٦")],
  ["of 4 KB", () => `${at(0).slice(0, -1)}${"0".repeat(4_000)}Z`],
  ["that is empty", () => ""],
];

row(
  "A6",
  "a timestamp that is none, or too far away, is refused, though its signature fits",
  {},
  async (run) => {
    await using service = await startLoneService();
    const count = await inEachCase(timestamps, async (made) => {
      const timestamp = made();
      await expectRefused(service, "timestamp", timestamp, signTimestamp(timestamp));
    });
    expect(await service.listAssets()).toEqual([]);
    run.did("timestamps refused", count);
  },
);

const accepted: Cases<() => string> = [
  ["as old as may be, but for the time it takes", () => at(-TOLERANCE_MS + SLACK_MS)],
  ["as far ahead as may be", () => at(TOLERANCE_MS - SLACK_MS)],
  ["as Python writes it, with microseconds", () => at(0).replace("Z", "456+00:00")],
  ["as Python writes it, in another zone", () => at(90 * 60_000).replace("Z", "456+01:30")],
  ["as Python writes it, without a zone", () => at(0).replace("Z", "456")],
  ["without a fraction", () => at(0).replace(/\.\d+/, "")],
];

row("A6", "a timestamp within the tolerance is accepted, as all pipelines write it", {}, async (run) => {
  await using service = await startLoneService();
  const count = await inEachCase(accepted, async (made) => {
    const response = await service.tryToUpload({ name: "fw.bin", bytes: "x", timestamp: made() });
    expect(response.status).toBe(200);
  });
  run.did("timestamps accepted", count);
});

const NOW = new Date("2026-03-01T12:00:00.000Z");

row("A6", "the tolerance is exact to the millisecond, by a clock that stands", {}, async (run) => {
  await using service = await startTestService({}, () => NOW); // In this process: its clock is in our hands.
  for (const side of [-1, 1]) {
    const within = new Date(NOW.getTime() + side * TOLERANCE_MS).toISOString();
    expect((await service.tryToUpload({ name: "fw.bin", bytes: "x", timestamp: within })).status).toBe(200);
    const beyond = new Date(NOW.getTime() + side * (TOLERANCE_MS + 1)).toISOString();
    await expectRefused(service, "timestamp", beyond, signTimestamp(beyond));
  }
  run.did("timestamps at the limit", 4);
});

row(
  "A6",
  "the first fault is told, in the contract's order: fields, file name, timestamp, signature",
  {},
  async () => {
    await using service = await startLoneService();
    const signature = { name: "signature", value: "wrong" };
    const timestamp = { name: "timestamp", value: "NaN" };
    const file = { name: "file", value: "x", filename: "../x" };
    expect(await told([signature])).toStartWith("file:");
    expect(await told([file, timestamp, signature])).toStartWith("filename:");
    expect(await told([{ ...file, filename: "x" }, signature, timestamp])).toStartWith("timestamp:");
    expect(await told([{ ...file, filename: "x" }, signature, { ...timestamp, value: at(0) }])).toStartWith(
      "signature:",
    );

    async function told(parts: readonly Part[]): Promise<string> {
      return (await expectRefusal(await service.postForm(parts), 400, "VALIDATION_FAILED")).error;
    }
  },
);

async function expectRefused(
  service: ServiceClient,
  field: string,
  timestamp: string,
  signature: string,
): Promise<void> {
  const response = await service.tryToUpload({ name: "fw.bin", bytes: "x", timestamp, signature });
  const { error } = await expectRefusal(response, 400, "VALIDATION_FAILED");
  expect(error).toStartWith(`${field}: `);
}

/** The right one with a fault in it: never the right one. */
function drawnSignature(random: Parameters<typeof mutated>[2]): Made {
  return (timestamp) => {
    const right = signTimestamp(timestamp);
    const drawn = mutated(
      right,
      ["=", "==", "\n", "\r\n", " ", "-", "_", "A", "/", "+", "\0", "\xff"],
      random,
    );
    return drawn === right ? right.slice(1) : drawn;
  };
}

/** So far from now, as JavaScript writes it. */
function at(offsetMs: number): string {
  return new Date(Date.now() + offsetMs).toISOString();
}
