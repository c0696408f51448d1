import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { esp32Image, esp8266Image } from "../../simulate/esp-image.ts";
import { sendRaw } from "../support/raw-http.ts";
import { startTestService, type TestService } from "../support/service.ts";

// Whatever headers come to the firmware's door: nothing breaks, and 304 is said only to who has it.

const OLD = esp32Image({ version: "1.4.1", filling: "old" });
/** Somebody forgot to raise the version. */
const SAME_VERSION = esp32Image({ version: "1.4.2", filling: "between" });
const NEW = esp32Image({ version: "1.4.2", filling: "new" });
const FOREIGN = esp32Image({ version: "0.9.0", filling: "of another maker" });
const NEW_8266 = esp8266Image({ filling: "new" });

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
  for (const image of [OLD, SAME_VERSION, NEW]) await service.uploadAsset("plug.bin", image);
  for (const image of [esp8266Image({ filling: "old" }), NEW_8266])
    await service.uploadAsset("old.bin", image);
});
afterAll(() => service[Symbol.asyncDispose]());

test("a device that says truly what it runs is told 304 when that is the newest, and never else", async () => {
  const runs = fc.constantFrom(
    { image: OLD, version: "1.4.1" },
    { image: SAME_VERSION, version: "1.4.2" },
    { image: NEW, version: "1.4.2" },
    { image: FOREIGN, version: "0.9.0" },
  );
  const says = fc.record({ md5: fc.boolean(), sha256: fc.boolean(), version: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(runs, says, noise, async ({ image, version }, said, others) => {
      const isByHash = said.md5 || said.sha256;
      if (!isByHash && image === SAME_VERSION) return; // It has nothing but its version to say.
      const { status } = await sendRaw(
        service.url,
        request("plug.bin", [
          ...(said.md5 ? [`x-ESP32-sketch-md5: ${md5(image)}`] : []),
          ...(said.sha256
            ? [`x-ESP32-sketch-sha256: ${image.subarray(-32).toString("hex").toUpperCase()}`]
            : []),
          ...(said.version ? [`x-ESP32-version: ${version}`] : []),
          ...others,
        ]),
      );
      const hasIt = image === NEW && (isByHash || said.version);
      expect([status, hasIt]).toEqual([hasIt ? 304 : 200, hasIt]);
    }),
    { numRuns: 400 },
  );
});

test("an ESP8266 that says truly what it runs is told 304 in each of its flash modes, and never else", async () => {
  const runs = fc.record({ filling: fc.constantFrom("old", "new"), flashMode: fc.constantFrom(0, 1, 2, 3) });
  await fc.assert(
    fc.asyncProperty(runs, noise, async (image, others) => {
      const headers = [
        "x-ESP8266-mode: sketch",
        `x-ESP8266-sketch-md5: ${md5(esp8266Image(image))}`,
        ...others,
      ];
      const { status } = await sendRaw(service.url, request("old.bin", headers));
      expect([status, image.filling]).toEqual([image.filling === "new" ? 304 : 200, image.filling]);
    }),
    { numRuns: 150 },
  );
});

test("whatever bytes the headers are, the answer is no fault of ours, and 304 only names what they claim", async () => {
  const names = [
    ...[
      "mode",
      "version",
      "sketch-md5",
      "sketch-sha256",
      "free-space",
      "STA-MAC",
      "BASE-MAC",
      "Chip-ID",
    ].flatMap((name) => [`x-ESP32-${name}`, `x-ESP8266-${name}`]),
    ...["If-None-Match", "If-Range", "Range", "Range", "x-ESP32-sketch-sha256", "x-ESP32-version"],
    ...["Accept", "Content-Length", "X-Request-Id"],
  ];
  const claims = ["1.4.2", md5(NEW), NEW.subarray(-32).toString("hex"), `"${sha256(NEW)}"`, "*"];
  const value = fc.oneof(
    fc.constantFrom(...claims),
    fc.constantFrom("bytes=5-9", "bytes=0-99", "bytes=9-", "bytes=999999-", "bytes=-9"),
    fc.constantFrom("sketch", "version", "spiffs", "", "0", "-1", "1e9", "00:00:00:00:00:00", "bytes=5-9"),
    fc.constantFrom(
      md5(OLD),
      "f".repeat(32),
      "f".repeat(64),
      "9".repeat(400),
      '"',
      "W/",
      'W/"',
      ",,,",
      "bytes=-",
      "bytes=9-5",
    ),
    // Anything that ends no line: control characters, and bytes that are no ASCII.
    fc.string({
      unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
      maxLength: 60,
    }),
  );
  const headers = fc.array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      headers,
      fc.constantFrom("", "?chip=esp32c3", "?chip=", "?mac=x", "?%"),
      async (pairs, query) => {
        const lines = pairs.map(([name, text]) => `${name}: ${text.replace(/[\r\n]/g, " ")}`);
        const bytes = Buffer.from(request(`plug.bin${query}`, lines), "latin1");
        const { status, headers: answered, body } = await sendRaw(service.url, bytes);
        expect([200, 206, 304, 400, 403, 409, 413, 416]).toContain(status);
        if (status === 304) {
          const claimed = pairs.map(([, text]) => text.trim().toLowerCase());
          expect(claimed.some((text) => claims.some((claim) => text.includes(claim)))).toBe(true);
        }
        if (answered.has("x-md5")) expect(body.equals(NEW)).toBe(true);
      },
    ),
    { numRuns: 1_000 },
  );
});

/** What says nothing of what runs. */
const noise = fc.subarray([
  "User-Agent: ESP32-http-Update",
  "Cache-Control: no-cache",
  "x-ESP32-free-space: 1310720",
  "x-ESP32-sketch-size: 1",
  "x-ESP32-chip-size: 4194304",
  "x-ESP32-AP-MAC: AA:BB:CC:DD:EE:FE",
  "x-ESP32-BASE-MAC: no MAC",
  `If-None-Match: "other"`,
  "X-Request-Id: wake-up",
  "Accept-Encoding: gzip",
]);

function request(target: string, headers: readonly string[]): string {
  return `${[`GET /api/firmware/${target} HTTP/1.1`, "Host: 127.0.0.1", "Connection: close", ...headers].join("\r\n")}\r\n\r\n`;
}

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
