import { describe, expect, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { OtaClient, type OtaOptions } from "../support/ota-client.ts";
import { openRaw, type RawResponse } from "../support/raw-http.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { tempDir } from "../support/temp-dir.ts";

const NAME = "plug.bin";
const PATH = `/api/assets/${NAME}`;
const MAC = "aa-bb-cc-dd-ee-ff";
const PART = 1_000;
const DAY_MS = 86_400_000;

const parts: OtaOptions = { path: PATH, address: "127.0.0.1", partBytes: PART };
const resuming: OtaOptions = { ...parts, partBytes: null };
const imageOf = (revision: number) => Buffer.alloc(3_500 + revision, `the bytes of revision ${revision}; `);

describe("a download that goes on without If-Range, after the file was replaced", () => {
  const known: readonly (readonly [string, OtaOptions])[] = [
    ["a MAC in the address", { ...parts, path: `${PATH}?mac=${MAC}` }],
    ["a MAC in a header", { ...parts, headers: ["x-ESP32-STA-MAC: AA:BB:CC:DD:EE:FF"] }],
    ["the only download at its address", parts],
    ["a MAC, resuming what broke off", { ...resuming, path: `${PATH}?mac=${MAC}` }],
    ["the only download at its address, resuming what broke off", resuming],
    ["a MAC, at the firmware's door", { ...parts, path: `/api/firmware/${NAME}?mac=${MAC}` }],
    [
      "the only download at its address, at the firmware's door",
      { ...resuming, path: `/api/firmware/${NAME}` },
    ],
  ];
  test.each(known)("is given the revision that it began: %s", async (_, options) => {
    await using service = await startWith(2);
    const client = new OtaClient(options);
    await begin(client, service);
    await upload(service, 3);
    await upload(service, 4);
    expect(await finish(client, service)).toBe("complete");
    expect(client.written.equals(imageOf(2))).toBe(true);
    client.loseAll(); // Who begins is given the newest.
    await begin(client, service);
    expect(client.written.equals(imageOf(4).subarray(0, PART))).toBe(true);
  });

  test("is that of a MAC wherever it comes from, and of a MAC alone", async () => {
    await using service = await startWith(1);
    await ask(service, `${PATH}?mac=${MAC}`, "bytes=0-999");
    await upload(service, 2);
    expectPart(await ask(service, `${PATH}?mac=${MAC}`, "bytes=1000-1999", "127.0.0.2"), 1, 1_000);
    expectNone(await ask(service, PATH, "bytes=1000-1999"), 2);
    expectNone(await ask(service, `${PATH}?mac=aa-bb-cc-dd-ee-00`, "bytes=1000-1999"), 2);
  });

  test("must begin anew where nobody knows what it began, and is never given the whole", async () => {
    await using service = await startWith(2);
    for (const range of ["bytes=1-", "bytes=1000-1999", "bytes=-100", "bytes=100000-"]) {
      expectNone(await ask(service, PATH, range), 2);
      expectNone(await ask(service, `${PATH}?mac=${MAC}`, range), 2);
    }
  });

  test("must begin anew where its revision is kept no more", async () => {
    await using service = await startWith(1, { keepRevisions: 2 });
    await ask(service, `${PATH}?mac=${MAC}`, "bytes=0-999");
    for (const revision of [2, 3]) await upload(service, revision);
    expectNone(await ask(service, `${PATH}?mac=${MAC}`, "bytes=1000-"), 3);
  });

  test("must begin anew where another at its address has begun another revision, which is never joined to its own", async () => {
    await using service = await startWith(1);
    const [first, second] = [new OtaClient(parts), new OtaClient(parts)];
    await begin(first, service);
    await upload(service, 2);
    await begin(second, service);
    expect(await first.step(service.url)).toBe("restarted");
    expect(await second.step(service.url)).toBe("restarted");
    // Part by part they would be told so for ever: who was told so once is given all at once.
    for (const client of [first, second]) {
      let outcome: string = "restarted";
      for (let steps = 0; outcome !== "complete" && steps < 20; steps++)
        outcome = await client.step(service.url);
      expect([outcome, client.written.equals(imageOf(2))]).toEqual(["complete", true]);
    }
  });

  test("is not taken for one of before a restart, of which nothing is known", async () => {
    await using dir = await tempDir();
    const settings = { dataDir: `${dir.path}/data` };
    {
      await using before = await startWith(1, settings);
      await ask(before, PATH, "bytes=0-999");
      await ask(before, `${PATH}?mac=${MAC}`, "bytes=0-999");
      await upload(before, 2);
    }
    await using service = await startTestService(settings);
    // Another at the same address begins the new one: the first is still in the midst of the old.
    expectPart(await ask(service, PATH, "bytes=0-999"), 2, 0);
    expectNone(await ask(service, PATH, "bytes=1000-"), 2);
    expectNone(await ask(service, `${PATH}?mac=${MAC}`, "bytes=1000-"), 2);
    expectPart(await ask(service, `${PATH}?mac=${MAC}`, "bytes=0-999"), 2, 0);
    expectPart(await ask(service, `${PATH}?mac=${MAC}`, "bytes=1000-1999"), 2, 1_000);
  });

  test("is answered as ever where it says which version it means, or has all of it", async () => {
    await using service = await startWith(2);
    const etag = (await service.request("HEAD", PATH)).headers.get("etag") ?? "";
    const same = { Range: "bytes=1000-1999", "If-Range": etag };
    expect((await service.request("GET", PATH, { headers: same })).status).toBe(206);
    const other = { Range: "bytes=1000-1999", "If-Range": `"other"` };
    expect((await service.request("GET", PATH, { headers: other })).status).toBe(200);
    const has = { Range: "bytes=1000-1999", "If-None-Match": etag };
    expect((await service.request("GET", PATH, { headers: has })).status).toBe(304);
    expect((await service.request("HEAD", PATH, { headers: { Range: "bytes=1000-" } })).status).toBe(200);
  });
});

describe("a file that was not replaced lately", () => {
  test("is given as ever: the first of its revisions, and one that has been there for a week", async () => {
    await using dir = await tempDir();
    const settings = { dataDir: `${dir.path}/data` };
    let daysLater = 0;
    const now = () => new Date(Date.now() + daysLater * DAY_MS);
    {
      await using service = await startTestService(settings, now);
      await upload(service, 1);
      expectPart(await ask(service, PATH, "bytes=1000-1999"), 1, 1_000);
      await upload(service, 2);
      daysLater = 30; // A clock that jumps makes nothing old that was seen to be new.
      expectNone(await ask(service, PATH, "bytes=1000-1999", "127.0.0.2"), 2);
    }
    for (const [later, answered] of [
      [6.9, "none"],
      [7.1, "part"],
      [-1, "none"],
    ] as const) {
      daysLater = later;
      await using service = await startTestService(settings, now);
      const response = await ask(service, PATH, "bytes=1000-1999");
      if (answered === "part") expectPart(response, 2, 1_000);
      else expectNone(response, 2);
    }
  });

  test("is one of which RESUME_WINDOW has passed, in the same process too", async () => {
    await using service = await startWith(2, { resumeWindowSeconds: 1 });
    await until("it is given again", async () => {
      const response = await ask(service, PATH, "bytes=1000-1999");
      if (response.status === 206) expectPart(response, 2, 1_000);
      return response.status === 206;
    });
  });

  test("is every file where RESUME_WINDOW is 0", async () => {
    await using service = await startWith(2, { resumeWindowSeconds: 0 });
    expectPart(await ask(service, PATH, "bytes=1000-1999"), 2, 1_000);
  });
});

test("what depends on who asks is kept from shared caches, also where it is the newest", async () => {
  await using service = await startWith(1);
  const cacheOf = async (range: string) => {
    const { status, headers } = await service.request("GET", `${PATH}?mac=${MAC}`, {
      headers: { Range: range },
    });
    return [status, headers.get("X-Revision"), headers.get("Cache-Control")];
  };
  expect(await cacheOf("bytes=0-999")).toEqual([206, "1", "no-cache"]);
  await upload(service, 2);
  expect(await cacheOf("bytes=1000-")).toEqual([206, "1", "private, no-cache"]);
  expect(await cacheOf("bytes=0-999")).toEqual([206, "2", "no-cache"]);
  expect(await cacheOf("bytes=1000-")).toEqual([206, "2", "private, no-cache"]);
});

async function startWith(
  revisions: number,
  settings: Parameters<typeof startTestService>[0] = {},
): Promise<TestService> {
  const service = await startTestService(settings);
  for (let revision = 1; revision <= revisions; revision++) await upload(service, revision);
  return service;
}

async function upload(service: TestService, revision: number): Promise<void> {
  expect((await service.uploadAsset(NAME, imageOf(revision))).revision).toBe(revision);
}

/** Until it has a part of the newest revision. */
async function begin(client: OtaClient, service: TestService): Promise<void> {
  while (client.written.length === 0) await client.step(service.url, PART);
}

async function finish(client: OtaClient, service: TestService): Promise<string> {
  let outcome = "going";
  while (outcome === "going") outcome = await client.step(service.url);
  return outcome;
}

async function ask(
  service: TestService,
  path: string,
  range: string,
  from = "127.0.0.1",
): Promise<RawResponse> {
  using connection = await openRaw(service.url, from);
  const lines = [`GET ${path} HTTP/1.1`, "Host: 127.0.0.1", "Connection: close", `Range: ${range}`];
  await connection.send(`${lines.join("\r\n")}\r\n\r\n`);
  return await connection.response();
}

function expectPart({ status, headers, body }: RawResponse, revision: number, start: number) {
  expect([status, headers.get("x-revision")]).toEqual([206, String(revision)]);
  expect(body.equals(imageOf(revision).subarray(start, start + body.length))).toBe(true);
}

function expectNone({ status, headers, body }: RawResponse, newest: number) {
  expect([status, JSON.parse(body.toString()).code]).toEqual([416, "RANGE_NOT_SATISFIABLE"]);
  expect(headers.get("content-range")).toBe(`bytes */${imageOf(newest).length}`);
}
