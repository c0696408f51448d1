import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { esp32Image, esp8266Image } from "../../simulate/esp-image.ts";
import { until } from "../support/deadline.ts";
import { sendRaw } from "../support/raw-http.ts";
import { expectCode } from "../support/refusal.ts";
import { startTestService, type TestService } from "../support/service.ts";

const MAC = "aa-bb-cc-dd-ee-ff";
const DOOR = "/api/firmware/plug.bin";
const OLD = esp32Image({ version: "1.4.1", filling: "old" });
const NEW = esp32Image({ version: "1.4.2", filling: "new" });

describe("HTTPUpdate on an ESP32", () => {
  test("is given the image over HTTP/1.0, whole, with the hashes that it checks", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", NEW);
    const { status, headers, body } = await sendRaw(service.url, esp32Request(OLD));
    expect([status, headers.get("content-length"), headers.get("transfer-encoding")]).toEqual([
      200,
      String(NEW.length),
      undefined,
    ]);
    expect([headers.get("x-md5"), headers.get("x-sha256")]).toEqual([md5(NEW), sha256(NEW)]);
    expect(body.equals(NEW)).toBe(true);
  });

  test("is given nothing when it runs that, whichever hash or version says so", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", Buffer.concat([NEW, Buffer.alloc(64, 0xff)]));
    const honest: readonly Record<string, string>[] = [
      { "x-ESP32-sketch-md5": md5(NEW) },
      { "x-ESP32-sketch-sha256": NEW.subarray(-32).toString("hex").toUpperCase() },
      { "x-ESP32-version": "1.4.2" },
    ];
    for (const headers of honest) {
      expect((await service.request("GET", DOOR, { headers })).status).toBe(304);
    }
    const others: readonly Record<string, string>[] = [
      { "x-ESP32-sketch-md5": md5(OLD), "x-ESP32-version": "1.4.1" },
      { "x-ESP32-sketch-sha256": sha256(OLD) },
      {},
    ];
    for (const headers of others) {
      expect((await service.request("GET", DOOR, { headers })).status).toBe(200);
    }
    expect((await sendRaw(service.url, esp32Request(NEW))).status).toBe(304);
  });

  test("is given what has its version, where its hash shows that somebody forgot to raise that", async () => {
    await using service = await startTestService();
    const [old, same] = [esp32Image({ filling: "old" }), esp32Image({ filling: "new" })];
    for (const image of [old, same]) await service.uploadAsset("plug.bin", image);
    for (const [image, status] of [
      [old, 200],
      [same, 304],
    ] as const) {
      const headers = { "x-ESP32-version": "1.4.2", "x-ESP32-sketch-md5": md5(image) };
      expect((await service.request("GET", DOOR, { headers })).status).toBe(status);
    }
  });

  test("says what it runs, which the fleet's view then shows", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", OLD);
    await sendRaw(service.url, esp32Request(OLD));
    await until("it runs", async () => (await fileOf(service))?.["state"] === "running");
    expect(await fileOf(service)).toMatchObject({ running: "1.4.1", revision: 1 });
    expect(await deviceOf(service)).toMatchObject({ chip: "ESP32-C3", address: "127.0.0.1" });
  });

  test("is refused an image for which it has no room, before a byte of it", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", NEW);
    const headers = { "x-ESP32-STA-MAC": "AA:BB:CC:DD:EE:FF", "x-ESP32-free-space": String(NEW.length - 1) };
    await expectCode(await service.request("GET", DOOR, { headers }), 403, "FORBIDDEN");
    await until("it is refused", async () => (await fileOf(service))?.["state"] === "refused");
    const enough = { ...headers, "x-ESP32-free-space": String(NEW.length) };
    expect((await service.request("GET", DOOR, { headers: enough })).status).toBe(200);
  });

  test("is refused an image for another chip, once its own is known", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", OLD);
    await sendRaw(service.url, esp32Request(OLD)); // What it runs is for an ESP32-C3: so is it.
    await until("its chip is known", async () => (await deviceOf(service))["chip"] === "ESP32-C3");
    await service.uploadAsset("plug.bin", esp32Image({ chipId: 9, version: "2.0.0" }));
    const headers = { "x-ESP32-STA-MAC": "AA:BB:CC:DD:EE:FF" };
    await expectCode(await service.request("GET", DOOR, { headers }), 409, "WRONG_CHIP");
    await until("it is refused", async () => (await fileOf(service))?.["state"] === "refused");
    await expectCode(await service.request("GET", `${DOOR}?chip=esp32c3`), 409, "WRONG_CHIP");
    expect((await service.request("GET", `${DOOR}?chip=ESP32-S3`)).status).toBe(200);
  });

  test("is given a file system unless its version says that it has it", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", "a file system");
    const mode = { "x-ESP32-mode": "spiffs", "x-ESP32-free-space": "1" };
    expect((await service.request("GET", DOOR, { headers: mode })).status).toBe(200);
    const same = await service.request("GET", DOOR, { headers: { ...mode, "x-ESP32-version": "1" } });
    expect(same.status).toBe(304);
  });
});

describe("ESP8266httpUpdate", () => {
  test.each([0, 1, 2, 3])("runs it, once the device has written flash mode %p into it", async (flashMode) => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", esp8266Image());
    await service.uploadAsset("packed.bin", gzipSync(esp8266Image()));
    const headers = { "x-ESP8266-mode": "sketch", "x-ESP8266-sketch-md5": md5(esp8266Image({ flashMode })) };
    expect((await service.request("GET", DOOR, { headers })).status).toBe(304);
    expect((await service.request("GET", "/api/firmware/packed.bin", { headers })).status).toBe(304);
  });

  test("is told the version alone when it asks for that", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", esp8266Image());
    await service.uploadAsset("plug.bin", esp8266Image({ filling: "new" }));
    const response = await service.request("GET", DOOR, { headers: { "x-ESP8266-mode": "version" } });
    const { status, headers } = response;
    expect([status, headers.get("x-version"), await response.text()]).toEqual([200, "2", ""]);
  });

  test("is refused an image of an ESP32", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", NEW);
    const headers = { "x-ESP8266-mode": "sketch", "x-ESP8266-Chip-ID": "1458415" };
    await expectCode(await service.request("GET", DOOR, { headers }), 409, "WRONG_CHIP");
  });
});

/** As arduino-esp32's HTTPUpdate.cpp sends it, when it runs this image. */
function esp32Request(image: Buffer): string {
  return [
    `GET ${DOOR} HTTP/1.0`,
    "Host: 127.0.0.1",
    "User-Agent: ESP32-http-Update",
    "Connection: close",
    "Cache-Control: no-cache",
    "x-ESP32-BASE-MAC: AA:BB:CC:DD:EE:FF",
    "x-ESP32-STA-MAC: AA:BB:CC:DD:EE:FF",
    "x-ESP32-AP-MAC: AA:BB:CC:DD:EE:FE",
    "x-ESP32-free-space: 1310720",
    `x-ESP32-sketch-size: ${image.length}`,
    `x-ESP32-sketch-md5: ${md5(image)}`,
    `x-ESP32-sketch-sha256: ${image.subarray(-32).toString("hex").toUpperCase()}`,
    "x-ESP32-chip-size: 4194304",
    "x-ESP32-sdk-version: v5.3.1",
    "x-ESP32-mode: sketch",
    "\r\n",
  ].join("\r\n");
}

async function deviceOf(service: TestService): Promise<Record<string, unknown>> {
  const response = await service.request("GET", `/api/devices/${MAC}`);
  return response.status === 404 ? {} : ((await response.json()) as Record<string, unknown>);
}

async function fileOf(service: TestService): Promise<Record<string, unknown> | undefined> {
  const { files = [] } = (await deviceOf(service)) as { files?: Record<string, unknown>[] };
  return files.find(({ file }) => file === "plug.bin");
}

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
