import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { esp32Image } from "../../simulate/esp-image.ts";
import { until } from "../support/deadline.ts";
import { openRaw } from "../support/raw-http.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startTestService, type TestService } from "../support/service.ts";

const MAC = "aa-bb-cc-dd-ee-ff";
const CHECK_IN = `/api/devices/${MAC}/checkin`;
const OLD = esp32Image({ version: "1.4.1", filling: "old" });
const NEW = esp32Image({ version: "1.4.2", filling: "new" });

interface Answered {
  readonly mac_address: string;
  readonly files: readonly Record<string, unknown>[];
}

describe("a check-in", () => {
  test("is answered with the newest of its config and of what it reports, and where that is", async () => {
    await using service = await startTestService();
    const { etag } = await service.saveConfig(MAC, { gain: 1 });
    const content = await service.fetchConfig(MAC);
    await service.uploadAsset("plug.bin", OLD);
    await service.uploadAsset("plug.bin", NEW);
    const { mac_address, files } = await checkIn(service, { running: { "plug.bin": "1.4.1", config: etag } });
    expect(mac_address).toBe(MAC);
    expect(files).toEqual([
      {
        file: `${MAC}.json`,
        topic: "configs",
        revision: 1,
        etag: content.etag,
        size: content.text.length,
        version: "1",
        md5: null,
        url: `/api/configs/${MAC}.json`,
        has_it: true,
      },
      {
        file: "plug.bin",
        topic: "assets",
        revision: 2,
        etag: `"${sha256(NEW)}"`,
        size: NEW.length,
        version: "1.4.2",
        md5: md5(NEW),
        url: `/api/assets/plug.bin?revision=2&mac=${MAC}`,
        has_it: false,
      },
    ]);
    for (const { url, etag: promised } of files) {
      expect((await service.request("GET", String(url))).headers.get("etag")).toBe(String(promised));
    }
  });

  const honest: readonly (readonly [string, string])[] = [
    ["its version", "1.4.2"],
    ["the ETag", `"${sha256(NEW)}"`],
    ["the ETag without its quotes", sha256(NEW)],
    ["the MD5", md5(NEW)],
    ["the digest in the image, as ESP32 reports it", NEW.subarray(-32).toString("hex").toUpperCase()],
  ];
  test.each(honest)("says that the device has it, by %s", async (_, told) => {
    await using service = await startTestService();
    for (const image of [OLD, NEW]) await service.uploadAsset("plug.bin", image);
    const { files } = await checkIn(service, { running: { "plug.bin": told } });
    expect(files).toMatchObject([{ file: "plug.bin", has_it: true }]);
  });

  test("says that the device has its config by the ETag of either of its addresses, and of no older one", async () => {
    await using service = await startTestService();
    const old = await service.saveConfig(MAC, { gain: 1 });
    const saved = await service.saveConfig(MAC, { gain: 2 });
    const { etag } = await service.fetchConfig(MAC);
    for (const [told, hasIt] of [
      [saved.etag, true],
      [etag, true],
      [`W/${etag}`, true],
      [old.etag, false],
      ["", false],
      ["2.0", false],
    ] as const) {
      const { files } = await checkIn(service, { running: { config: told } });
      expect([told, files[0]?.["has_it"]]).toEqual([told, hasIt]);
    }
  });

  test("names what the device was seen to use, though it reports nothing", async () => {
    await using service = await startTestService();
    await service.uploadAsset("sounds.bin", "ding");
    await service.uploadAsset("others.bin", "dong");
    expect((await checkIn(service, {})).files).toEqual([]);
    await (await service.request("GET", `/api/assets/sounds.bin?mac=${MAC}`)).arrayBuffer();
    await until("its use is seen", async () => (await checkIn(service, {})).files.length > 0);
    expect((await checkIn(service, {})).files).toMatchObject([{ file: "sounds.bin", has_it: false }]);
  });

  test("never names what the device is only guessed to use", async () => {
    await using service = await startTestService();
    await service.uploadAsset("sounds.bin", "ding");
    await service.saveConfig(MAC, {});
    await service.fetchConfig(MAC);
    await until("its address is known", async () => (await deviceOf(service))["address"] !== null);
    await service.fetchAsset("sounds.bin"); // Anybody's, from the same address.
    await until("it is guessed", async () => JSON.stringify(await deviceOf(service)).includes("sounds.bin"));
    expect((await checkIn(service, {})).files).toMatchObject([{ file: `${MAC}.json` }]);
  });

  test("never names an image for another chip, once the device's is known", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", OLD);
    expect((await checkIn(service, { running: { "plug.bin": md5(OLD) } })).files).toHaveLength(1);
    await service.uploadAsset("plug.bin", esp32Image({ chipId: 9, version: "2.0.0" }));
    // What it runs is for an ESP32-C3: so is it, whether that was kept already or not.
    expect((await checkIn(service, { running: { "plug.bin": md5(OLD) } })).files).toEqual([]);
    await until("its chip is known", async () => (await deviceOf(service))["chip"] === "ESP32-C3");
    expect((await checkIn(service, { running: { "plug.bin": "1.0" } })).files).toEqual([]);
    await until("it is refused", async () =>
      JSON.stringify(await deviceOf(service)).includes(`"state":"refused"`),
    );
  });

  test("shows in the fleet's view: what runs, and the newest word of what it measured", async () => {
    await using service = await startTestService();
    await service.saveConfig(MAC, {});
    await service.uploadAsset("plug.bin", NEW);
    await checkIn(service, { running: { "plug.bin": "1.4.2" }, rssi: -70, free_heap: 81_234 });
    await until("it is seen", async () => (await deviceOf(service))["rssi"] === -70);
    await checkIn(service, { rssi: -61, uptime: 12, "battery mV": 3_011 });
    await until("the newer is seen", async () => (await deviceOf(service))["rssi"] === -61);
    await checkIn(service, {}); // It says nothing of that: what it said before stays.
    const { free_heap, reported_at, files } = await deviceOf(service);
    expect([free_heap, typeof reported_at]).toEqual([null, "string"]);
    expect(files).toMatchObject([
      { file: "plug.bin", state: "running", running: "1.4.2" },
      { topic: "configs" },
    ]);
  });

  test("that says it runs the newest leaves the device behind on nothing, until there is a newer one", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", NEW);
    await checkIn(service, { running: { "plug.bin": md5(NEW) } });
    const converged = async () => (await service.request("GET", "/api/convergence?file=plug.bin")).text();
    await until("it is seen", async () => (await converged()).includes(`"running":1`));
    expect(JSON.parse(await converged()).behind).toEqual([]);
    await service.uploadAsset("plug.bin", OLD);
    expect(JSON.parse(await converged()).behind).toEqual([MAC]);
  });

  test("is refused where it is wrong, saying what", async () => {
    await using service = await startTestService();
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [[], /^body: /],
      [{ running: "1.4.2" }, /^running: must be an object/],
      [{ running: { "plug.bin": 1 } }, /^running: /],
      [{ running: { "plug.bin": "x".repeat(256) } }, /^running: /],
      [{ running: { "../plug.bin": "1" } }, /^filename: /],
      [
        { running: Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`${n}.bin`, "1"])) },
        /^running: /,
      ],
      [{ rssi: "-70" }, /^rssi: must be a whole number/],
      [{ rssi: -1_000 }, /^rssi: /],
      [{ free_heap: -1 }, /^free_heap: /],
      [{ free_heap: 1.5 }, /^free_heap: /],
    ];
    for (const [body, field] of wrong) {
      const { error } = await expectRefusal(await post(service, body), 400, "VALIDATION_FAILED");
      expect(error).toMatch(field);
    }
  });

  test("is one request and one answer of a known length, over HTTP/1.0 too", async () => {
    await using service = await startTestService();
    await service.saveConfig(MAC, {});
    using connection = await openRaw(service.url);
    const body = `{"running":{"config":"1"}}`;
    const head = ["Host: 127.0.0.1", "Content-Type: application/json", `Content-Length: ${body.length}`];
    await connection.send(`POST ${CHECK_IN} HTTP/1.0\r\n${head.join("\r\n")}\r\n\r\n${body}`);
    const { status, headers, body: answer } = await connection.response();
    expect([status, headers.get("content-length")]).toEqual([200, String(answer.length)]);
  });
});

test("whatever a device says, it is told of what there is, or why not", async () => {
  await using service = await startTestService();
  await service.saveConfig(MAC, {});
  await service.uploadAsset("plug.bin", NEW);
  const name = fc.oneof(fc.constantFrom("plug.bin", "config", "__proto__", "constructor", ""), fc.string());
  const told = fc.oneof(fc.constantFrom("1.4.2", md5(NEW), sha256(NEW), "*", `""`), fc.string());
  const said = fc.record(
    {
      running: fc.oneof(fc.dictionary(name, told, { maxKeys: 4 }), fc.jsonValue()),
      rssi: fc.oneof(fc.integer(), fc.jsonValue()),
      free_heap: fc.oneof(fc.integer(), fc.jsonValue()),
      more: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(said, async (body) => {
      const response = await post(service, body);
      const text = await response.text();
      expect([200, 400]).toContain(response.status);
      if (response.status === 400) return;
      const { files }: Answered = JSON.parse(text);
      expect(files[0]).toMatchObject({ file: `${MAC}.json`, has_it: false });
      const own = files.find(({ file }) => file === "plug.bin");
      const word = (body.running as Record<string, string> | undefined)?.["plug.bin"] ?? "";
      if (own !== undefined) expect([word, own["has_it"]]).toEqual([word, isHonest(word)]);
    }),
    { numRuns: 300 },
  );
});

/** `"1.4.2"` is a version too, in the quotes of an ETag. */
function isHonest(word: string): boolean {
  const bare = word.trim().replace(/^(W\/)?"(.*)"$/, "$2");
  return ["1.4.2", md5(NEW), sha256(NEW)].includes(bare);
}

function post(service: TestService, body: unknown): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return service.request("POST", CHECK_IN, { headers, body: JSON.stringify(body) });
}

async function checkIn(service: TestService, body: unknown): Promise<Answered> {
  const response = await post(service, body);
  const text = await response.text();
  expect([response.status, text]).toEqual([200, text]);
  return JSON.parse(text);
}

async function deviceOf(service: TestService): Promise<Record<string, unknown>> {
  const response = await service.request("GET", `/api/devices/${MAC}`);
  return response.status === 404 ? {} : ((await response.json()) as Record<string, unknown>);
}

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
