import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { macs } from "../support/load.ts";
import { multipart, type Part } from "../support/multipart.ts";
import { openRaw } from "../support/raw-http.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { signedFields } from "../support/signed-form.ts";

const [PORCH = ""] = macs(1);
const JSON_BODY = "Content-Type: application/json";
/** More than the kernel keeps of what nobody reads. */
const LARGE = Buffer.alloc(20_000_000, "x");

/** What is refused before its end. Most clients look for an answer only after they have sent all, Python's for one. */
const refused: readonly [what: string, head: string, body: Buffer, status: number][] = [
  ["a config that is said to be too large", `PUT /api/configs/${PORCH} HTTP/1.1\r\n${JSON_BODY}`, LARGE, 413],
  ["a config for no MAC", `PUT /api/configs/x HTTP/1.1\r\n${JSON_BODY}`, LARGE, 400],
  ["a config of no known type", `PUT /api/configs/${PORCH} HTTP/1.1`, LARGE, 415],
  [
    "what a foreign page sends",
    `PUT /api/configs/${PORCH} HTTP/1.1\r\n${JSON_BODY}\r\nOrigin: http://x.example`,
    LARGE,
    403,
  ],
  ["an asset that is too large", ...upload(signedFields(), Buffer.concat([LARGE, LARGE])), 413],
  ["an asset whose time is out", ...upload(signedFields("2000-01-01T00:00:00Z"), LARGE), 400],
];

describe("who reads only after all is sent", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startTestService({ maxAssetBytes: 1.5 * LARGE.length });
  });
  afterAll(() => service[Symbol.asyncDispose]());

  for (const transfer of ["with its length", "in chunks"]) {
    test.each(refused)(
      `is told why %s, ${transfer}, is refused, and may go on`,
      async (_, head, body, status) => {
        using connection = await openRaw(service.url);
        connection.stopReading();
        const isChunked = transfer === "in chunks";
        const length = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`;
        await connection.send(`${head}\r\nHost: 127.0.0.1\r\n${length}\r\n\r\n`);
        if (isChunked) await connection.send(`${body.length.toString(16)}\r\n`);
        await connection.send(body);
        if (isChunked) await connection.send("\r\n0\r\n\r\n");
        connection.goOnReading();
        expect((await connection.response()).status).toBe(status);
        await connection.send("GET /api/health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        expect((await connection.response()).status).toBe(200);
      },
    );
  }
});

function upload(fields: readonly Part[], bytes: Buffer): [head: string, body: Buffer] {
  const { contentType, body } = multipart([...fields, { name: "file", value: bytes, filename: "fw.bin" }]);
  return [`POST /api/assets HTTP/1.1\r\nContent-Type: ${contentType}`, body];
}
