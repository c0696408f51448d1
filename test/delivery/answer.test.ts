import { describe, expect, test } from "bun:test";
import { pino } from "pino";
import { answerWhole, answerWithRanges } from "../../src/delivery/answer.ts";
import type { Offer } from "../../src/delivery/offer.ts";
import { createApp } from "../../src/http/index.ts";
import { createMetrics } from "../../src/ops/index.ts";

const BYTES = Buffer.from("0123456789");
const OFFERED: Offer = {
  kind: "assets",
  name: "K\u00fcche (1)*'\"\\.bin",
  revision: 7,
  etag: `"current"`,
  sha256: "0".repeat(64),
  size: BYTES.length,
  personal: false,
  immutable: false,
  wholeOnly: false,
  changedAt: new Date(0),
};
const current = { ETag: `"current"`, "X-Revision": "7", "Cache-Control": "no-cache" };

describe("a config's answer", () => {
  test("is its bytes, with their length, name and revision", async () => {
    const response = await get("/whole");
    expect(response.status).toBe(200);
    expect(headersOf(response)).toMatchObject({ ...lowered(current), "content-type": "application/json" });
    expect(response.headers.get("Content-Length")).toBe("10");
    expect(await response.text()).toBe("0123456789");
  });

  test.each([`"current"`, `W/"current"`, `"other", "current"`, "*"])(
    "is 304 where the client has %s",
    async (tags) => {
      const response = await get("/whole", { "If-None-Match": tags });
      expect(response.status).toBe(304);
      expect(headersOf(response)).toMatchObject(lowered(current));
      expect(await response.text()).toBe("");
    },
  );

  test("is kept from shared caches where it depends on who asks", async () => {
    const response = await get("/whole", {}, { ...OFFERED, personal: true });
    expect(response.headers.get("Cache-Control")).toBe("private, no-cache");
    expect(response.headers.has("Accept-Ranges")).toBe(false);
  });
});

describe.each(["/whole", "/ranges"])("at %s, a request for a certain version", (path) => {
  test.each(['"current"', '"other", "current"', "*"])(
    "is answered where that is current: %s",
    async (tags) => {
      expect((await get(path, { "If-Match": tags })).status).toBe(200);
    },
  );

  test.each(['"other"', 'W/"current"', "current"])("is refused where it is not: %s", async (tags) => {
    for (const more of [{}, { "If-None-Match": `"current"` }, { Range: "bytes=10-" }]) {
      const response = await get(path, { "If-Match": tags, ...more });
      expect([response.status, (await response.json()) as unknown]).toEqual([
        412,
        expect.objectContaining({ details: { field: "If-Match" } }),
      ]);
    }
  });
});

describe("an asset's answer", () => {
  test("is its bytes, to be saved under its name", async () => {
    const response = await get("/ranges");
    expect(response.status).toBe(200);
    expect(headersOf(response)).toMatchObject({
      ...lowered(current),
      "accept-ranges": "bytes",
      "content-disposition": "attachment; filename*=UTF-8''K%C3%BCche%20%281%29%2A%27%22%5C.bin",
      "content-length": "10",
      "content-type": "application/octet-stream",
    });
    expect(await response.text()).toBe("0123456789");
  });

  const parts: readonly (readonly [string, Record<string, string>, number, string, string | null])[] = [
    ["a part", { Range: "bytes=2-4" }, 206, "234", "bytes 2-4/10"],
    ["the end", { Range: "bytes=-3" }, 206, "789", "bytes 7-9/10"],
    ["a part of this version", { Range: "bytes=2-4", "If-Range": `"current"` }, 206, "234", "bytes 2-4/10"],
    ["a part of another version", { Range: "bytes=2-4", "If-Range": `"old"` }, 200, "0123456789", null],
    [
      "a part since a date",
      { Range: "bytes=2-4", "If-Range": "Mon, 05 Jan 2026 00:00:00 GMT" },
      200,
      "0123456789",
      null,
    ],
    ["several parts", { Range: "bytes=0-1,3-4" }, 200, "0123456789", null],
    ["something else than bytes", { Range: "lines=1-2" }, 200, "0123456789", null],
    ["a part that the client has", { Range: "bytes=2-4", "If-None-Match": `"current"` }, 304, "", null],
  ];
  test.each(parts)("to a request for %s", async (_, headers, status, body, range) => {
    const response = await get("/ranges", headers);
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(body);
    if (range !== null) expect(response.headers.get("Content-Range")).toBe(range);
    if (status !== 304) expect(response.headers.get("Content-Length")).toBe(String(body.length));
    expect(headersOf(response)).toMatchObject(lowered(current));
  });

  test("says how long the file is where nothing of it was asked for", async () => {
    const response = await get("/ranges", { Range: "bytes=10-" });
    expect(response.status).toBe(416);
    expect(response.headers.get("Content-Range")).toBe("bytes */10");
    expect(await response.json()).toMatchObject({ code: "RANGE_NOT_SATISFIABLE" });
  });

  test("leaves out the bytes and the range for HEAD", async () => {
    const response = await app(OFFERED).request("/ranges", {
      method: "HEAD",
      headers: { Range: "bytes=2-4" },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Length")).toBe("10");
    expect(await response.text()).toBe("");
  });
});

test("an answer of bytes that never change may be kept, also where the client has them", async () => {
  for (const headers of [{}, { Range: "bytes=2-4" }, { "If-None-Match": `"current"` }]) {
    const response = await get("/ranges", headers, { ...OFFERED, immutable: true });
    expect(response.headers.get("Cache-Control")).toBe("max-age=31536000, immutable");
  }
});

function get(path: string, headers: Record<string, string> = {}, offered: Offer = OFFERED) {
  return app(offered).request(path, { headers });
}

function app(offered: Offer) {
  const file = new Blob([BYTES]);
  const open = (range?: { readonly start: number; readonly end: number }) =>
    range === undefined ? file : file.slice(range.start, range.end + 1);
  const rules = { corsOrigins: [], publicUrl: null, allowedHosts: [] };
  return createApp(
    [
      (routes) => {
        routes.get("/whole", (c) => answerWhole(c.req.raw, offered, BYTES));
        routes.get("/ranges", (c) => answerWithRanges(c.req.raw, offered, open) ?? c.notFound());
      },
    ],
    rules,
    createMetrics("test"),
    pino({ level: "silent" }),
    () => new Date(),
  );
}

function headersOf(response: Response): Record<string, string> {
  return Object.fromEntries(response.headers);
}

function lowered(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
