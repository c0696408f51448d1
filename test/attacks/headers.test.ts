import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sendRaw } from "../support/raw-http.ts";
import { startTestService, type TestService } from "../support/service.ts";

const PORCH = "aa-bb-cc-dd-ee-01";
const BYTES = Buffer.from(Array.from({ length: 1_000 }, (_, at) => at % 251));

let service: TestService;
let etag: string;
beforeAll(async () => {
  service = await startTestService();
  ({ etag } = await service.uploadAsset("fw.bin", BYTES));
  await service.saveConfig(PORCH, {});
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

describe("attack A9 a request id", () => {
  test("that is sane is repeated, in the answer, in its refusal and in the log", async () => {
    const headers = { "X-Request-Id": "build-42.a_b" };
    const response = await service.request("GET", "/api/nothing", { headers });
    expect(response.headers.get("x-request-id")).toBe("build-42.a_b");
    expect(await response.json()).toMatchObject({ correlationId: "build-42.a_b" });
    await service.log.line(/build-42\.a_b/);
  });

  const ids: readonly (readonly [string, string])[] = [
    ["of 10 KB", "x".repeat(10_000)],
    ["with quotes", `x","level":"fatal`],
    ["with a tab", "x\ty"],
    ["with markup", "<script>"],
    ["that is not ASCII", "\u00e9\u00e9"],
    ["that is empty", ""],
  ];
  test.each(ids)("%s is replaced", async (_, id) => {
    const request = `GET /api/nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: ${id}\r\n\r\n`;
    const { headers, status } = await sendRaw(service.url, Buffer.from(request, "latin1"));
    expect(status).toBe(404);
    expect(headers.get("x-request-id")).toMatch(/^[\w.-]{8,64}$/);
    expect(headers.get("x-request-id")).not.toBe(id);
  });
});

describe("attack A9 a line feed splits neither an answer nor the log, sent in", () => {
  const requests: readonly (readonly [string, string, string])[] = [
    ["a MAC", "GET", "/api/configs/x%0d%0aSet-Cookie:%20a=b"],
    ["a MAC to delete", "DELETE", "/api/configs/x%0d%0aSet-Cookie:%20a=b"],
    ["an asset's name", "GET", "/api/assets/x%0d%0aSet-Cookie:%20a=b"],
    ["a path", "GET", "/api/x%0d%0aSet-Cookie:%20a=b%0a{%22level%22:60}"],
    ["a query", "GET", "/api/configs?q=x%0d%0aSet-Cookie:%20a=b&limit=1"],
  ];
  test.each(requests)("%s", async (_, method, path) => {
    const response = await service.request(method, path);
    expect(response.status).toBeLessThan(500);
    expect(response.headers.get("set-cookie")).toBeNull();
    expect(() => service.logged).not.toThrow(); // Each line of it is JSON.
  });

  test("a config's content, which no log line repeats", async () => {
    await service.saveConfig(PORCH, { deviceName: "a\r\nb", secret: "hunter2" });
    await service.request("GET", `/api/configs/${PORCH}`);
    expect(service.log.all.join()).not.toContain("hunter2");
    expect(() => service.logged).not.toThrow();
  });
});

describe("attack A10 a range", () => {
  const whole = { status: 200, from: 0, to: 1_000, contentRange: null };
  const part = (from: number, to: number) => {
    return { status: 206, from, to, contentRange: `bytes ${from}-${to - 1}/1000` };
  };
  const ranges: readonly (readonly [
    string,
    { status: number; from: number; to: number; contentRange: string | null },
  ])[] = [
    ["bytes=0-", part(0, 1_000)],
    ["bytes=0-0", part(0, 1)],
    ["bytes=10-19", part(10, 20)],
    ["bytes=999-", part(999, 1_000)],
    ["bytes=-1", part(999, 1_000)],
    ["bytes=-5000", part(0, 1_000)],
    ["bytes=990-1000", part(990, 1_000)],
    ["bytes=990-99999999999999999999", part(990, 1_000)],
    ["bytes=5-2", whole],
    ["bytes=a-b", whole],
    ["bytes=", whole],
    ["bytes=--1", whole],
    ["bytes=0x1-2", whole],
    ["lines=0-1", whole],
    [`bytes=${"0-0,".repeat(1_000)}1-1`, whole],
    [`bytes=${"0-,".repeat(1_000)}0-`, whole],
  ];
  test.each(ranges)("%p", async (range, { status, from, to, contentRange }) => {
    const response = await service.request("GET", "/api/assets/fw.bin", { headers: { Range: range } });
    expect(response.status).toBe(status);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(BYTES.subarray(from, to));
    if (status === 206) expect(response.headers.get("content-range")).toBe(contentRange);
    expect(response.headers.get("content-length")).toBe(`${to - from}`);
    expect(response.headers.get("etag")).toBe(etag);
  });

  test.each(["bytes=-0", "bytes=1000-", "bytes=1000-2000", "bytes=99999999999999999999-"])(
    "%s: none of it is there",
    async (range) => {
      const response = await service.request("GET", "/api/assets/fw.bin", { headers: { Range: range } });
      expect(response.status).toBe(416);
      expect(response.headers.get("content-range")).toBe("bytes */1000");
      expect(await response.json()).toMatchObject({ code: "RANGE_NOT_SATISFIABLE" });
    },
  );

  test("counts only where If-Range names this very version", async () => {
    const statusWith = async (ifRange: string) => {
      const headers = { Range: "bytes=0-1", "If-Range": ifRange };
      return (await service.request("GET", "/api/assets/fw.bin", { headers })).status;
    };
    expect(await statusWith(etag)).toBe(206);
    expect(await statusWith(`"other"`)).toBe(200);
    expect(await statusWith(`W/${etag}`)).toBe(200); // RFC 9110, 13.1.5: compared strongly.
    expect(await statusWith("nonsense")).toBe(200);
  });

  test("does not count in a HEAD, which is exact", async () => {
    const headers = { Range: "bytes=0-1" };
    const response = await service.request("HEAD", "/api/assets/fw.bin", { headers });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("1000");
  });
});

describe("attack A10 If-None-Match", () => {
  const conditions: readonly (readonly [string, (etag: string) => string, number])[] = [
    ["with its ETag", (its) => its, 304],
    ["with its ETag, weak", (its) => `W/${its}`, 304],
    ["with its ETag among others", (its) => `"a", W/"b,c", ${its}`, 304],
    ["with a star", () => "*", 304],
    ["with another", () => `"other"`, 200],
    ["without quotes", (its) => its.replaceAll('"', ""), 200],
    ["with its ETag inside of another", (its) => `"x${its.slice(1)}`, 200],
  ];
  test.each(conditions)("%s", async (_, condition, status) => {
    const headers = { "If-None-Match": condition(etag) };
    const response = await service.request("GET", "/api/assets/fw.bin", { headers });
    expect(response.status).toBe(status);
    expect(response.headers.get("etag")).toBe(etag);
    expect((await response.arrayBuffer()).byteLength).toBe(status === 304 ? 0 : 1_000);
  });

  test("comes before a range", async () => {
    const headers = { "If-None-Match": etag, Range: "bytes=0-1" };
    expect((await service.request("GET", "/api/assets/fw.bin", { headers })).status).toBe(304);
  });

  test("of 100 KB does no harm", async () => {
    const request = `GET /api/assets/fw.bin HTTP/1.1\r\nHost: x\r\nIf-None-Match: ${`"a", `.repeat(20_000)}"b"\r\n\r\n`;
    expect([200, 400, 431]).toContain((await sendRaw(service.url, request)).status);
    expect((await service.request("GET", "/api/assets/fw.bin")).status).toBe(200);
  });
});
