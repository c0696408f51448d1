import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { BOUNDARY } from "../support/multipart.ts";
import { openRaw, type RawConnection, type RawResponse, sendRaw } from "../support/raw-http.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { signedForm, uploadHead } from "../support/signed-form.ts";

const MAX_CONFIG_BYTES = 1_000;
const MAX_ASSET_BYTES = 100_000;
const PORCH = "aa-bb-cc-dd-ee-01";
/** In MiB: far above every limit here. */
const ENDLESS = 500;
const CHUNK = `100000\r\n${"x".repeat(1024 * 1024)}\r\n`;

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ maxConfigBytes: MAX_CONFIG_BYTES, maxAssetBytes: MAX_ASSET_BYTES });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

describe("attack A4 a config", () => {
  test("one byte too large is refused, the largest is taken", async () => {
    const content = (bytes: number) => `{"a":"${"x".repeat(bytes - 8)}"}`;
    await service.saveConfig(PORCH, content(MAX_CONFIG_BYTES));
    const response = await service.tryToSaveConfig(PORCH, content(MAX_CONFIG_BYTES + 1));
    await expectRefusal(response, 413, "PAYLOAD_TOO_LARGE");
    expect((await service.fetchConfig(PORCH)).text).toBe(content(MAX_CONFIG_BYTES));
  });

  test("that is said to be 10 GB is refused before its first byte", async () => {
    expect(codeOf(await sendRaw(service.url, head("Content-Length: 10000000000")))).toBe("PAYLOAD_TOO_LARGE");
  });

  test("without an end is refused on its way", async () => {
    using connection = await openRaw(service.url);
    await connection.send(head("Transfer-Encoding: chunked"));
    const sent = sendUntilClosed(connection, CHUNK);
    expect(["PAYLOAD_TOO_LARGE", "closed"]).toContain(await codeOrClosed(connection));
    await sent;
  });

  test("shorter than it was said to be is not stored", async () => {
    using connection = await openRaw(service.url);
    await connection.send(`${head("Content-Length: 100", "aa-bb-cc-dd-ee-02")}{"content":{}}`);
    connection.hangUp();
    expect(await service.listConfigs()).toEqual([PORCH]);
  });

  test("longer than it was said to be is refused, its rest is no request that is answered with success", async () => {
    using connection = await openRaw(service.url);
    const rest = `DELETE /api/configs/${PORCH} HTTP/1.1\r\nHost: x\r\n\r\n`;
    await connection.send(`${head("Content-Length: 5", "aa-bb-cc-dd-ee-03")}{"content":{"a":"${rest}"}}`);
    expect((await connection.response()).status).toBe(400);
    expect(await service.listConfigs()).toEqual([PORCH]);
  });

  const garbage: readonly (readonly [string, string])[] = [
    ["a chunk's size that is no number", "zz\r\n{}\r\n0\r\n\r\n"],
    ["a chunk's size below zero", "-1\r\n{}\r\n0\r\n\r\n"],
    ["a chunk's size of 20 digits", "ffffffffffffffffffff\r\n{}\r\n0\r\n\r\n"],
    ["a chunk longer than its size", `2\r\n{"content":{}}\r\n0\r\n\r\n`],
  ];
  test.each(garbage)("with %s is refused and the connection closed", async (_, chunks) => {
    using connection = await openRaw(service.url);
    await connection.send(head("Transfer-Encoding: chunked", "aa-bb-cc-dd-ee-04") + chunks);
    const status = await connection.response().then(
      (response) => response.status,
      () => "closed",
    );
    expect([400, "closed"]).toContain(status);
    await connection.closes();
    expect(await service.listConfigs()).toEqual([PORCH]);
  });

  test("that is compressed is refused", async () => {
    const body = gzipSync(`{"content":{}}`);
    const headers = { "Content-Type": "application/json", "Content-Encoding": "gzip" };
    const response = await service.request("PUT", "/api/configs/aa-bb-cc-dd-ee-05", { headers, body });
    expect([400, 415]).toContain(response.status);
  });

  function head(bodyHeader: string, mac = PORCH): string {
    return `PUT /api/configs/${mac} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${bodyHeader}\r\n\r\n`;
  }
});

describe("attack A4 an asset", () => {
  test("one byte too large is refused, the largest is taken", async () => {
    await service.uploadAsset("largest.bin", new Uint8Array(MAX_ASSET_BYTES));
    const response = await service.tryToUpload({
      name: "larger.bin",
      bytes: new Uint8Array(MAX_ASSET_BYTES + 1),
    });
    await expectRefusal(response, 413, "PAYLOAD_TOO_LARGE");
    expect(await service.listAssets()).not.toContain("larger.bin");
  });

  test("that is said to be 10 GB is refused before its first byte", async () => {
    expect(codeOf(await sendRaw(service.url, uploadHead(10_000_000_000)))).toBe("PAYLOAD_TOO_LARGE");
  });

  test("without an end is refused on its way", async () => {
    using connection = await openRaw(service.url);
    const form = signedForm("endless.bin", "");
    await connection.send(uploadHead(0).replace("Content-Length: 0", "Transfer-Encoding: chunked"));
    const begin = form.subarray(0, form.lastIndexOf(`\r\n--${BOUNDARY}`));
    await connection.send(`${begin.length.toString(16)}\r\n${begin}\r\n`);
    const sent = sendUntilClosed(connection, CHUNK);
    expect(["PAYLOAD_TOO_LARGE", "closed"]).toContain(await codeOrClosed(connection));
    await sent;
  });
});

/** Who goes on sending may find the connection reset, and with it the answer gone (RFC 9112, section 9.6). */
async function codeOrClosed(connection: RawConnection): Promise<string> {
  try {
    return codeOf(await connection.response());
  } catch {
    return "closed";
  }
}

function codeOf({ body }: RawResponse): string {
  return JSON.parse(body.toString()).code;
}

/** Sends again and again, until the other side ends it. */
async function sendUntilClosed(connection: RawConnection, bytes: string): Promise<void> {
  for (let times = 0; connection.isOpen; times++) {
    if (times === ENDLESS) throw new Error(`${ENDLESS} MiB were taken without an end`);
    await connection.send(bytes);
  }
}
