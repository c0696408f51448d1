import { describe, expect, test } from "bun:test";
import { esp32Image } from "../../simulate/esp-image.ts";
import { OtaClient } from "../support/ota-client.ts";
import { sendRaw } from "../support/raw-http.ts";
import { startTestService } from "../support/service.ts";

const IMAGE = esp32Image({ programBytes: 150_000 });
const ADDRESS = "/api/assets/plug.bin?revision=1&mac=aa-bb-cc-dd-ee-ff";
const RANGE = 64 * 1024;

describe("esp_https_ota, at the address of a revision", () => {
  test("finds by HEAD how long it is, then fetches it in ranges, the last without an end", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", IMAGE);
    const head = await service.request("HEAD", ADDRESS);
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(IMAGE.length)]);
    const parts: Buffer[] = [];
    for (let at = 0; at < IMAGE.length; at += RANGE) {
      const end = at + RANGE < IMAGE.length ? at + RANGE - 1 : "";
      const { status, headers, body } = await asked(service.url, `bytes=${at}-${end}`);
      expect([status, headers.get("content-length")]).toEqual([206, String(body.length)]);
      expect(headers.get("content-range")).toBe(`bytes ${at}-${at + body.length - 1}/${IMAGE.length}`);
      parts.push(body);
    }
    expect(Buffer.concat(parts).equals(IMAGE)).toBe(true);
  });

  test("is given the whole where its range ends one past the end, and the length where it asks for one byte", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", IMAGE);
    const whole = await asked(service.url, `bytes=0-${IMAGE.length}`);
    expect([whole.status, whole.body.equals(IMAGE)]).toEqual([206, true]);
    const first = await asked(service.url, "bytes=0-0");
    expect([first.status, first.headers.get("content-range")]).toEqual([206, `bytes 0-0/${IMAGE.length}`]);
  });

  test("resumes without If-Range on the very bytes that it began, though the file was replaced meanwhile", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", IMAGE);
    const begun = await asked(service.url, `bytes=0-${RANGE - 1}`);
    await service.uploadAsset("plug.bin", esp32Image({ programBytes: 160_000, filling: "another" }));
    const rest = await asked(service.url, `bytes=${RANGE}-`);
    expect(Buffer.concat([begun.body, rest.body]).equals(IMAGE)).toBe(true);
    // Nothing is left to fetch: told so, it starts over.
    expect((await asked(service.url, `bytes=${IMAGE.length}-`)).status).toBe(416);
  });
});

describe("esp_https_ota, at the firmware's door, saying who it is and what runs", () => {
  const saying = (runs: Buffer) => [
    "x-ESP32-STA-MAC: aa:bb:cc:dd:ee:ff",
    `x-ESP32-sketch-sha256: ${runs.subarray(-32).toString("hex")}`,
  ];
  const OLD = esp32Image({ programBytes: 140_000, version: "1.4.1", filling: "old" });
  const options = { path: "/api/firmware/plug.bin", address: "127.0.0.1", partBytes: RANGE };

  test("fetches what is new in parts, and is told 304 by HEAD when it runs that", async () => {
    await using service = await startTestService();
    for (const image of [OLD, IMAGE]) await service.uploadAsset("plug.bin", image);
    const client = new OtaClient({ ...options, headers: saying(OLD) });
    let outcome = "going";
    while (outcome === "going") outcome = await client.step(service.url);
    expect([outcome, client.written.equals(IMAGE)]).toEqual(["complete", true]);
    const head = await service.request("HEAD", options.path, { headers: headersOf(saying(IMAGE)) });
    expect(head.status).toBe(304);
  });

  test("goes on with what it began, though what it runs has become the newest again meanwhile", async () => {
    await using service = await startTestService();
    for (const image of [OLD, IMAGE]) await service.uploadAsset("plug.bin", image);
    const client = new OtaClient({ ...options, headers: saying(OLD) });
    while (client.written.length === 0) await client.step(service.url);
    await service.uploadAsset("plug.bin", OLD);
    let outcome = "going";
    while (outcome === "going") outcome = await client.step(service.url);
    expect([outcome, client.written.equals(IMAGE)]).toEqual(["complete", true]);
  });
});

function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(lines.map((line) => line.split(": ")));
}

/** As esp_http_client sends it. */
function asked(url: string, range: string) {
  const lines = [
    `GET ${ADDRESS} HTTP/1.1`,
    "User-Agent: ESP32 HTTP Client/1.0",
    "Host: 127.0.0.1",
    "Connection: close",
    `Range: ${range}`,
  ];
  return sendRaw(url, `${lines.join("\r\n")}\r\n\r\n`);
}
