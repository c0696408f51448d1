import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { filesUnder } from "../support/files.ts";
import { sendRaw } from "../support/raw-http.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const PORCH = "aa-bb-cc-dd-ee-01";

let dir: TempDir;
let service: TestService;
beforeAll(async () => {
  dir = await tempDir();
  service = await startTestService({ dataDir: join(dir.path, "data") });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
  await dir[Symbol.asyncDispose]();
});

describe("attack A1 an upload is refused whose file is named", () => {
  const names: readonly (readonly [string, string | Uint8Array])[] = [
    ["nothing", ""],
    ["a dot", "."],
    ["two dots", ".."],
    ["a path upwards", "../x"],
    ["a path upwards, in Windows' way", "..\\x"],
    ["an absolute path", "/x"],
    ["a path", "x/y"],
    ["a drive's path", "C:\\x"],
    ["with NUL", "x\0y"],
    ["with a control character", "x\u0001y"],
    ["with DEL", "x\u007fy"],
    ["with a C1 control character", "x\u0085y"],
    ["with a right-to-left override", "x\u202enib.exe"],
    ["with a right-to-left isolate", "x\u2067y"],
    ["with a lone surrogate's bytes", Buffer.from([0x78, 0xed, 0xa0, 0x80])],
    ["with bytes that are not UTF-8", Buffer.from([0x78, 0xff])],
    ["with 256 bytes", "x".repeat(256)],
    ["with 256 bytes in 128 letters", "é".repeat(128)],
  ];
  test.each(names)("%s", async (_, name) => {
    const before = await filesUnder(dir.path);
    const refusal = await expectRefusal(
      await service.tryToUpload({ name, bytes: "x" }),
      400,
      "VALIDATION_FAILED",
    );
    expect(refusal.error).toContain("filename");
    expect(await filesUnder(dir.path)).toEqual(before);
    expect(await service.listAssets()).toEqual([]);
  });
});

describe("attack A1 a download touches nothing outside, asked for", () => {
  const paths: readonly (readonly [string, readonly number[]])[] = [
    ["/api/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd", [400]],
    ["/api/assets/..%2fiotsupport.db", [400]],
    ["/api/assets/..%5ciotsupport.db", [400]],
    ["/api/assets/x%5cy", [400]],
    ["/api/assets/%2e%2e", [400, 404]],
    ["/api/assets/../../etc/passwd", [404]],
    ["/api/assets/..\\..\\etc\\passwd", [404]],
    ["/api/assets/x/../../../etc/passwd", [404]],
    ["/api/assets/iotsupport.db/x", [404]],
    ["/api/assets/%00", [400, 404]],
    ["/api/assets/%ff", [400, 404]],
    ["/api/assets/%", [400, 404]],
    ["/api/configs/..%2f..%2fetc%2fpasswd", [400]],
    ["/api/configs/..%2fiotsupport.db.json", [400]],
    ["//etc/passwd", [404]],
    ["/api/docs/%2e%2e%2f%2e%2e%2fpackage.json", [400, 404]],
    ["/api/docs/..%5c..%5cpackage.json", [400, 404]],
  ];
  test.each(paths)("%s", async (path, statuses) => {
    const { status, body } = await sendRaw(service.url, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    expect(statuses).toContain(status);
    expect(body.toString()).not.toMatch(/root:|SQLite|"dependencies"/);
  });
});

test("attack A1 a name that only looks like an escape is kept as it was sent, and found by it", async () => {
  await service.uploadAsset("%2e%2e%2fx", "percent");
  expect((await service.fetchAsset("%2e%2e%2fx")).bytes.toString()).toBe("percent");
  expect(await service.listAssets()).toEqual(["%2e%2e%2fx"]);
  await service.request("DELETE", "/api/assets/%252e%252e%252fx");
});

test("attack A2 what would be a wildcard in a topic reaches none, and announcing goes on", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe("iotsupport/updates/#");
  await using announcing = await startTestService({ mqtt: broker.mqtt });
  for (const mac of [
    "%23",
    "%2b",
    "aa-bb-cc-dd-ee-%23%23",
    "aa-bb-cc-dd-ee-0%00",
    `${PORCH}%00`,
    `${PORCH}%2f%23`,
  ]) {
    const response = await announcing.tryToSaveConfig(mac, {});
    const refusal = await expectRefusal(response, 400, "INVALID_OPERATION");
    expect(refusal.error).toMatch(/format.*invalid/);
  }
  expect(await announcing.listConfigs()).toEqual([]);
  await announcing.uploadAsset("#+$SYS", "a file's name may have them: it is no topic");
  expect(await announced.nextMessage()).toMatchObject({
    topic: "iotsupport/updates/assets",
    payload: `{"filename":"#+$SYS"}`,
  });
  await announcing.saveConfig(PORCH, {});
  expect(await announced.next()).toEqual({ filename: `${PORCH}.json` });
  expect(await announced.upToNow()).toEqual([]);
});
