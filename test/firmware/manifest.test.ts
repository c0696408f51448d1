import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { esp32Image, esp8266Image } from "../../simulate/esp-image.ts";
import { sendRaw } from "../support/raw-http.ts";
import { startTestService } from "../support/service.ts";

test("one manifest serves ESPHome and ESP Web Tools, and its path leads to the bytes that it names", async () => {
  await using service = await startTestService();
  const image = esp32Image();
  await service.uploadAsset("plug 1.bin", image);
  const manifest = await (await service.request("GET", "/api/firmware/plug%201.bin/manifest.json")).json();
  const path = "/api/assets/plug%201.bin/revisions/1";
  expect(manifest).toEqual({
    name: "plug",
    version: "1.4.2",
    builds: [{ chipFamily: "ESP32-C3", ota: { md5: md5(image), path }, parts: [{ path, offset: 0x10000 }] }],
  });
  await service.uploadAsset("plug 1.bin", esp32Image({ version: "1.4.3" }));
  const fetched = await service.request("GET", path); // What was promised stays what it was.
  expect(md5(Buffer.from(await fetched.arrayBuffer()))).toBe(md5(image));
});

test("a manifest is small and never chunked, as a device reads it whole into its memory", async () => {
  await using service = await startTestService();
  await service.uploadAsset("plug.bin", esp32Image());
  const { headers, body } = await sendRaw(
    service.url,
    "GET /api/firmware/plug.bin/manifest.json HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
  );
  expect([headers.get("content-length"), headers.get("transfer-encoding")]).toEqual([
    String(body.length),
    undefined,
  ]);
  expect(body.length).toBeLessThan(1_024);
});

test("a packed image is for devices that run, not for a serial cable", async () => {
  await using service = await startTestService();
  await service.uploadAsset("packed.bin", gzipSync(esp8266Image()));
  const manifest = await (await service.request("GET", "/api/firmware/packed.bin/manifest.json")).json();
  expect(manifest).toMatchObject({ version: "1", builds: [{ chipFamily: "ESP8266", parts: [] }] });
});

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}
