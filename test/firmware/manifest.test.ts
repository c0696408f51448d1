import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { esp32Image, esp8266Image } from "../../simulate/esp-image.ts";
import { until } from "../support/deadline.ts";
import { sendRaw } from "../support/raw-http.ts";
import { expectCode } from "../support/refusal.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { signedFields } from "../support/signed-form.ts";

const MAC = "aa-bb-cc-dd-ee-ff";
const MANIFEST = "/api/manifests/plug.bin.json";
const OURS = `/api/devices/${MAC}/manifests/plug.bin.json`;

describe("a manifest", () => {
  test("serves ESPHome and ESP Web Tools, and its path leads to the bytes that it names", async () => {
    await using service = await startTestService();
    const image = esp32Image();
    await service.uploadAsset("plug 1.bin", image);
    const manifest = await (await service.request("GET", "/api/manifests/plug%201.bin.json")).json();
    const path = "/api/assets/plug%201.bin?revision=1";
    expect(manifest).toEqual({
      name: "plug",
      version: "1.4.2",
      builds: [
        { chipFamily: "ESP32-C3", ota: { md5: md5(image), path }, parts: [{ path, offset: 0x10000 }] },
      ],
    });
    await service.uploadAsset("plug 1.bin", esp32Image({ version: "1.4.3" }));
    const fetched = await service.request("GET", path); // What was promised stays what it was.
    expect(md5(Buffer.from(await fetched.arrayBuffer()))).toBe(md5(image));
  });

  test.each([MANIFEST, OURS])("is small and never chunked, as a device reads it whole: %s", async (path) => {
    await using service = await startTestService();
    await upload(service, "x".repeat(500));
    const head = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`;
    const { headers, body } = await sendRaw(service.url, head);
    expect([headers.get("content-length"), headers.get("transfer-encoding")]).toEqual([
      String(body.length),
      undefined,
    ]);
    expect(body.length).toBeLessThan(1_024);
    const { builds } = JSON.parse(body.toString());
    expect(builds[0].ota.summary).toBe("x".repeat(255));
  });

  test("leads ESPHome to the bytes also where their name has http in it", async () => {
    await using service = await startTestService();
    await service.uploadAsset("http-plug.bin", esp32Image());
    const manifest = await (await service.request("GET", "/api/manifests/http-plug.bin.json")).json();
    const { path } = (manifest as { builds: { ota: { path: string } }[] }).builds[0]?.ota ?? { path: "" };
    // As http_request_update.cpp does: what has "http" in it is taken as it stands.
    expect(path).not.toContain("http");
    expect((await service.request("GET", path)).status).toBe(200);
  });

  test("of a packed image is for devices that run, not for a serial cable", async () => {
    await using service = await startTestService();
    await service.uploadAsset("packed.bin", gzipSync(esp8266Image()));
    const manifest = await (await service.request("GET", "/api/manifests/packed.bin.json")).json();
    expect(manifest).toMatchObject({ version: "1", builds: [{ chipFamily: "ESP8266", parts: [] }] });
  });

  test("for one device leads to a download that is known to be its own", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", esp32Image());
    const response = await service.request("GET", OURS);
    expect(response.headers.get("Cache-Control")).toBe("private, no-cache");
    const { builds } = (await response.json()) as { builds: { ota: { path: string; md5: string } }[] };
    const { path = "", md5: promised } = builds[0]?.ota ?? {};
    const fetched = await service.request("GET", path);
    expect(md5(Buffer.from(await fetched.arrayBuffer()))).toBe(promised ?? "");
    await until("the device is seen to have fetched it", async () => {
      const device = await service.request("GET", `/api/devices/${MAC}`);
      return device.status === 200 && /"file":"plug.bin".*"state":"fetched"/.test(await device.text());
    });
  });

  test("never names an image that the device is not to have", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", esp32Image({ chipId: 9 })); // An ESP32-S3's.
    const runs = { "x-ESP32-STA-MAC": MAC, "x-ESP32-sketch-md5": md5(esp32Image({ chipId: 9 })) };
    expect((await service.request("GET", "/api/firmware/plug.bin", { headers: runs })).status).toBe(304);
    await until("its chip is known", async () =>
      (await (await service.request("GET", `/api/devices/${MAC}`)).text()).includes(`"ESP32-S3"`),
    );
    expect((await service.request("GET", OURS)).status).toBe(200);
    await service.uploadAsset("plug.bin", esp32Image({ chipId: 5, version: "2.0.0" }));
    await expectCode(await service.request("GET", OURS), 409, "WRONG_CHIP");
    await expectCode(await service.request("GET", `${MANIFEST}?chip=esp32s3`), 409, "WRONG_CHIP");
    expect((await service.request("GET", MANIFEST)).status).toBe(200); // Who reads it looks for its own chip.
    await until("it is refused", async () =>
      (await (await service.request("GET", `/api/devices/${MAC}`)).text()).includes(`"state":"refused"`),
    );
  });
});

test("a device that asks for its manifest, and for nothing else, is one of those that may be forgotten", async () => {
  await using service = await startTestService({ maxUnknownDevices: 1 });
  await service.uploadAsset("plug.bin", esp32Image());
  for (const mac of ["00-00-00-00-00-01", "00-00-00-00-00-02"]) {
    expect((await service.request("GET", `/api/devices/${mac}/manifests/plug.bin.json`)).status).toBe(200);
    await until("it was here", async () => {
      const { status } = await service.request("GET", `/api/devices/${mac}`);
      return status === 200;
    });
  }
  expect((await service.request("GET", "/api/devices/00-00-00-00-00-01")).status).toBe(404);
});

test("an asset's hashes are their digits and nothing else, of the newest revision or of the one that is named", async () => {
  await using service = await startTestService();
  const [one, two] = [Buffer.from("firmware one"), esp32Image()];
  for (const bytes of [one, two]) await service.uploadAsset("plug.bin", bytes);
  const hashes = [
    ["/api/assets/plug.bin/md5", md5(two), "2"],
    ["/api/assets/plug.bin/md5?revision=1", md5(one), "1"],
    ["/api/assets/plug.bin/sha256", createHash("sha256").update(two).digest("hex"), "2"],
    ["/api/assets/plug.bin/sha256?revision=1", createHash("sha256").update(one).digest("hex"), "1"],
  ] as const;
  for (const [path, digits, revision] of hashes) {
    const head = `GET ${path} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n`;
    const { status, headers, body } = await sendRaw(service.url, head);
    expect([status, body.toString(), headers.get("x-revision")]).toEqual([200, digits, revision]);
    expect([headers.get("content-length"), headers.get("content-type")]).toEqual([
      String(digits.length),
      "text/plain",
    ]);
  }
  await expectCode(
    await service.request("GET", "/api/assets/plug.bin/md5?revision=3"),
    404,
    "RECORD_NOT_FOUND",
  );
  await service.uploadAsset("md5", "a name like any other");
  expect((await service.fetchAsset("md5")).bytes.toString()).toBe("a name like any other");
});

async function upload(service: TestService, message: string): Promise<void> {
  const form = [
    ...signedFields(),
    { name: "message", value: message },
    { name: "file", value: esp32Image(), filename: "plug.bin" },
  ];
  expect((await service.postForm(form)).status).toBe(200);
}

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}
