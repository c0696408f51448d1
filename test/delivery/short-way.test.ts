import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { assert, asyncProperty, constantFrom, oneof, record, uniqueArray } from "fast-check";
import { type Blobs, openDiskBlobs } from "../../src/blobs/index.ts";
import { AT_ONCE_BYTES } from "../../src/delivery/asset-bytes.ts";
import { contentETag, openSqliteStore } from "../../src/store/index.ts";
import { anyone, openStoreUnderTest, type StoreUnderTest } from "../store/store-under-test.ts";
import { until } from "../support/deadline.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { UI, Way } from "./two-ways.ts";

const PORCH = "aa-bb-cc-dd-ee-ff";
const CONTENT = Buffer.from(`{"deviceName":"K\u00fcche \u{1f35c}","n":1.0}`);

let dir: TempDir;
let store: StoreUnderTest;
let short: Way;
let long: Way;
let etag: string;
beforeAll(async () => {
  dir = await tempDir();
  store = await openStoreUnderTest(async (options) => openSqliteStore(options));
  etag = contentETag((await store.saved(PORCH, { content: CONTENT })).sha256);
  const blobs = openDiskBlobs(dir.path);
  // An asset of the same bytes has the same ETag.
  for (const name of ["fw.bin", "a b.bin"]) await upload(blobs, name, CONTENT);
  await upload(blobs, "large.bin", Buffer.alloc(AT_ONCE_BYTES + 1));
  [short, long] = [new Way(store.store, blobs, true), new Way(store.store, blobs, false)];
  for (const request of [get(PORCH), fetchOf("fw.bin"), fetchOf("large.bin", "Range: bytes=0-9")]) {
    await until("all of it in memory", async () => (await takenOf(request)) === 1);
  }
});
afterAll(async () => {
  await short[Symbol.asyncDispose]();
  await long[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await dir[Symbol.asyncDispose]();
});

describe("the short way takes", () => {
  const requests: readonly (readonly [string, () => string])[] = [
    ["a device's fetch", () => get(PORCH)],
    ["one of a device that has this version", () => get(PORCH, `If-None-Match: ${etag}`)],
    ["one of a device that has another", () => get(PORCH, `If-None-Match: "other"`)],
    ["one with an id", () => get(PORCH, "X-Request-Id: wake-up-7")],
    ["one with a range, which counts for nothing", () => get(PORCH, "Range: bytes=0-1")],
    ["one under a name", () => get(PORCH).replace("127.0.0.1", "iot.example:3201")],
    ["one of HTTP/1.0", () => get(PORCH).replace("HTTP/1.1", "HTTP/1.0")],
    ["a short asset", () => fetchOf("fw.bin")],
    ["one that the device has", () => fetchOf("fw.bin", `If-None-Match: ${etag}`)],
    ["a part of a short asset", () => fetchOf("fw.bin", "Range: bytes=3-7")],
    ["a short part of a long one", () => fetchOf("large.bin", "Range: bytes=3-7")],
    ["one that is meant for this version", () => fetchOf("fw.bin", `If-Match: ${etag}`)],
    ["a part of a version that is no more", () => fetchOf("fw.bin", "Range: bytes=3-7", `If-Range: "old"`)],
  ];
  test.each(requests)("%s", async (_, request) => {
    expect(await takenOf(request())).toBe(1);
  });
});

describe("the short way hands on", () => {
  const requests: readonly (readonly [string, string])[] = [
    ["HEAD", get(PORCH).replace("GET", "HEAD")],
    ["a change", get(PORCH).replace("GET", "DELETE")],
    ["what is meant for another version", get(PORCH, `If-Match: "other"`)],
    ["a part that is", fetchOf("fw.bin", "Range: bytes=3-7", `If-Match: "other"`)],
    ["what is not there", get("00-00-00-00-00-00")],
    ["what is no MAC", get("porch")],
    ["another spelling", get(PORCH.toUpperCase())],
    ["an encoded spelling", get(PORCH.replace("a", "%61"))],
    ["a long asset", fetchOf("large.bin")],
    ["a range past the end", fetchOf("fw.bin", "Range: bytes=1000-")],
    ["an asset that is not there", fetchOf("other.bin")],
    ["an asset's name that has to be decoded", fetchOf("a%20b.bin")],
    ["one revision of an asset", fetchOf("fw.bin?revision=1", "Range: bytes=3-7")],
    ["an asset's HEAD", fetchOf("fw.bin").replace("GET", "HEAD")],
    ["a query", `GET /api/configs/${PORCH}.json?v=.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`],
    ["a path below", `GET /api/configs/x/${PORCH}.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`],
    ["a page's request", get(PORCH, `Origin: ${UI}`)],
    ["two hosts", get(PORCH, "Host: other")],
    ["what is no host", get(PORCH).replace("127.0.0.1", "x/api")],
    ["no host", get(PORCH).replace("Host: 127.0.0.1\r\n", "").replace("HTTP/1.1", "HTTP/1.0")],
    ["no host, where a path looks like one", `GET /1234567/api/configs/${PORCH}.json HTTP/1.0\r\n\r\n`],
  ];
  test.each(requests)("%s", async (_, request) => {
    expect(await takenOf(request)).toBe(0);
  });
});

describe("both ways", () => {
  test("answer, measure and log alike", async () => {
    await assert(
      asyncProperty(anyRequest, (request) => alike(request.replaceAll("ETAG", etag))),
      { numRuns: 400 },
    );
    expect(short.logged).toEqual(long.logged);
    expect(await short.measured()).toEqual(await long.measured());
    expect(await short.measured()).toContainEqual(expect.stringContaining('method="GET"'));
  });

  test("keep a download on the revision that it began, and know no more of one that they did not see", async () => {
    const blobs = openDiskBlobs(dir.path);
    const part = (first: number) => fetchOf("resumed.bin", `Range: bytes=${first}-${first + 3}`);
    const bodyOf = async (request: string) => {
      await alike(request);
      const { status, body } = await short.ask(request);
      return [status, status === 206 ? body : ""];
    };
    await upload(blobs, "resumed.bin", Buffer.from("aaaabbbb"));
    expect(await bodyOf(part(0))).toEqual([206, "aaaa"]);
    await upload(blobs, "resumed.bin", Buffer.from("AAAABBBB"));
    expect(await bodyOf(part(4))).toEqual([206, "bbbb"]);
    expect(await takenOf(part(4))).toBe(0);
    expect(await bodyOf(part(0))).toEqual([206, "AAAA"]); // Another, or the same anew: nobody can tell.
    expect(await bodyOf(part(4))).toEqual([416, ""]);
    await upload(blobs, "unseen.bin", Buffer.from("aaaabbbb"));
    await upload(blobs, "unseen.bin", Buffer.from("AAAABBBB"));
    const unseen = part(4).replace("resumed", "unseen");
    expect(await bodyOf(unseen)).toEqual([416, ""]);
    await until(
      "all of it in memory",
      async () => (await takenOf(part(0).replace("resumed", "unseen"))) === 1,
    );
    expect(await bodyOf(unseen)).toEqual([206, "BBBB"]);
    expect(await takenOf(unseen)).toBe(1);
  });

  test("give a new revision as soon as it is saved, and nothing once it is deleted", async () => {
    const garage = "aa-bb-cc-dd-ee-00";
    for (const content of ["{}", '{"a":1}']) {
      await store.saved(garage, { content: Buffer.from(content) });
      for (const _ of ["looked up", "remembered"]) {
        await alike(get(garage));
        expect((await short.ask(get(garage))).body).toBe(content);
      }
    }
    await store.delete("configs", garage);
    await alike(get(garage));
    expect((await short.ask(get(garage))).status).toBe(404);
  });
});

async function alike(request: string): Promise<void> {
  const [ours, theirs] = await Promise.all([short.ask(request), long.ask(request)]);
  expect(ours).toEqual(theirs);
}

async function takenOf(request: string): Promise<number> {
  const before = short.taken;
  await alike(request);
  return short.taken - before;
}

/** What clients send, and what no client should, put together at random; `ETAG` is the current one. */
const anyRequest = record({
  method: constantFrom("GET", "GET", "GET", "HEAD", "POST", "DELETE", "OPTIONS"),
  target: oneof(
    constantFrom(`/api/configs/${PORCH}.json`, "/api/assets/fw.bin"),
    constantFrom("/api/assets/fw%2ebin", "/api/assets/a%20b.bin", "/api/assets/", "/api/assets/fw.bin?a=b"),
    constantFrom("/api/assets/fw.bin?revision=1", "/api/assets/fw.bin?revision=2"),
    record({
      origin: constantFrom("", "", "", "http://127.0.0.1", "http://other.example"),
      path: constantFrom(
        "/api/configs/",
        "/api/configs//",
        "/API/configs/",
        "//api/configs/",
        "/x/../api/configs/",
      ),
      mac: constantFrom(
        PORCH,
        "AA-BB-CC-DD-EE-FF",
        "aa:bb:cc:dd:ee:ff",
        "aabbccddeeff",
        "aa-bb",
        "%61a-bb-cc-dd-ee-ff",
        "..",
      ),
      end: constantFrom(
        ".json",
        ".JSON",
        "",
        ".json/",
        ".json?",
        ".json?a=b",
        ".json?x=.json",
        ".json.json",
        "%2ejson",
      ),
    }).map(({ origin, path, mac, end }) => origin + path + mac + end),
  ),
  version: constantFrom("HTTP/1.1", "HTTP/1.1", "HTTP/1.0"),
  host: constantFrom("127.0.0.1", "iot.example:3201", "[::1]:80", "a, b", "a/b", "a?b", "a#b", "", "\u00e9"),
  headers: uniqueArray(
    constantFrom(
      "If-None-Match: ETAG",
      "If-None-Match: W/ETAG",
      'If-None-Match: "other", ETAG',
      "If-None-Match: *",
      "If-Match: ETAG",
      "If-Match: *",
      'If-Match: "other"',
      "If-None-Match: ETAG ETAG",
      "if-none-match: ",
      "X-Request-Id: wake-up.7",
      "X-Request-Id: <script>",
      `X-Request-Id: ${"x".repeat(129)}`,
      `Origin: ${UI}`,
      "Origin: https://evil.example",
      "Origin: null",
      "Sec-Fetch-Site: cross-site",
      "Range: bytes=0-3",
      "Range: bytes=1000-",
      "If-Range: ETAG",
      "Accept-Encoding: gzip, br",
      "Accept: text/html",
      "Connection: close",
      "Host: other",
      "Content-Length: 0",
    ),
    { maxLength: 4 },
  ),
}).map(
  ({ method, target, version, host, headers }) =>
    `${[`${method} ${target} ${version}`, `Host: ${host}`, ...headers].join("\r\n")}\r\n\r\n`,
);

async function upload(blobs: Blobs, filename: string, bytes: Uint8Array): Promise<void> {
  const staged = await blobs.stage();
  await staged.write(bytes);
  const { sha256, size, keep } = await staged.finish();
  await keep();
  const claim = await store.store.claimBlob(sha256);
  await store.store.saveAsset(
    { filename, sha256, size, claim, precondition: "none", message: null, reading: null },
    anyone,
  );
}

function fetchOf(asset: string, ...headers: readonly string[]): string {
  return `${[`GET /api/assets/${asset} HTTP/1.1`, "Host: 127.0.0.1", ...headers].join("\r\n")}\r\n\r\n`;
}

function get(mac: string, ...headers: readonly string[]): string {
  return `${[`GET /api/configs/${mac}.json HTTP/1.1`, "Host: 127.0.0.1", ...headers].join("\r\n")}\r\n\r\n`;
}
