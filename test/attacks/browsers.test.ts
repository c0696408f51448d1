import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { expectRefusal } from "../support/refusal.ts";
import { startTestService, type TestService } from "../support/service.ts";

const PORCH = "aa-bb-cc-dd-ee-01";
const EVIL = "http://evil.example";
const UI = "https://ui.example";
const PUBLIC_URL = "https://iot.example";
const CONTENT = `{"by":"the operator"}`;

let service: TestService;
let host: string;
beforeAll(async () => {
  service = await startTestService({ corsOrigins: [UI], publicUrl: PUBLIC_URL, allowedHosts: ["nas.local"] });
  host = new URL(service.url).host;
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

describe("attack A11 a page changes nothing", () => {
  const json = { "Content-Type": "application/json" };
  const attempts: readonly (readonly [string, string, string, Record<string, string>])[] = [
    ["by a PUT of a foreign origin", "PUT", `/api/configs/${PORCH}`, { ...json, Origin: EVIL }],
    ["by a PUT of an origin that hides", "PUT", `/api/configs/${PORCH}`, { ...json, Origin: "null" }],
    [
      "by a PUT that says it is from another site",
      "PUT",
      `/api/configs/${PORCH}`,
      { ...json, "Sec-Fetch-Site": "cross-site" },
    ],
    ["by a DELETE of a foreign origin", "DELETE", `/api/configs/${PORCH}`, { Origin: EVIL }],
    ["by a form without a body", "POST", "/api/assets", { Origin: EVIL, "Sec-Fetch-Site": "cross-site" }],
    ["by a form to where nothing is", "POST", `/api/configs/${PORCH}`, { Origin: EVIL }],
    [
      "of a name that was turned to our address",
      "PUT",
      `/api/configs/${PORCH}`,
      { ...json, Origin: "http://evil.example:3201", Host: "evil.example:3201" },
    ],
    [
      "of a name that only begins like ours",
      "PUT",
      `/api/configs/${PORCH}`,
      { ...json, Origin: "https://iot.example.evil.example" },
    ],
    [
      "of our name with another scheme",
      "PUT",
      `/api/configs/${PORCH}`,
      { ...json, Origin: "http://iot.example" },
    ],
    [
      "of our address with another port",
      "PUT",
      `/api/configs/${PORCH}`,
      { ...json, Origin: "http://127.0.0.1:1" },
    ],
  ];
  test.each(attempts)("%s", async (_, method, path, headers) => {
    await service.saveConfig(PORCH, CONTENT);
    const body = method === "PUT" ? `{"content":{"by":"a page"}}` : null;
    const response = await service.request(method, path, { headers, body });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    const { error } = await expectRefusal(response, 403, "FORBIDDEN");
    expect(error).toMatch(/CORS_ORIGINS|ALLOWED_HOSTS|PUBLIC_URL/);
    expect((await service.fetchConfig(PORCH)).text).toBe(CONTENT);
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""])(
    "by a body of the type %p, which needs no preflight",
    async (type) => {
      await service.saveConfig(PORCH, CONTENT);
      const body = Buffer.from(`{"content":{"by":"a page"}}`);
      const response = await service.request("PUT", `/api/configs/${PORCH}`, {
        headers: { "Content-Type": type },
        body,
      });
      await expectRefusal(response, 415, "UNSUPPORTED_MEDIA_TYPE");
      expect((await service.fetchConfig(PORCH)).text).toBe(CONTENT);
    },
  );
});

describe("attack A11 a page of ours works", () => {
  const origins: readonly (readonly [string, () => Record<string, string>])[] = [
    ["at the request's own address", () => ({ Origin: `http://${host}`, "Sec-Fetch-Site": "same-origin" })],
    ["at PUBLIC_URL", () => ({ Origin: PUBLIC_URL, Host: "iot.example" })],
    ["in CORS_ORIGINS", () => ({ Origin: UI, "Sec-Fetch-Site": "cross-site" })],
    ["at a name in ALLOWED_HOSTS", () => ({ Origin: "http://nas.local:3201", Host: "nas.local:3201" })],
    ["at localhost", () => ({ Origin: "http://localhost:3201", Host: "localhost:3201" })],
    ["at an IPv6 address", () => ({ Origin: "http://[::1]:3201", Host: "[::1]:3201" })],
  ];
  test.each(origins)("%s", async (_, headers) => {
    const response = await service.tryToSaveConfig(PORCH, { by: "our page" }, headers());
    expect(response.status).toBe(200);
  });
});

describe("attack A11 a preflight", () => {
  const preflight = (origin: string) =>
    service.request("OPTIONS", `/api/configs/${PORCH}`, {
      headers: {
        Origin: origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type,if-match",
      },
    });

  test("of a foreign origin is given no leave", async () => {
    const { headers } = await preflight(EVIL);
    expect([...headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
  });

  test("of an origin in CORS_ORIGINS is given leave, for it alone", async () => {
    const { status, headers } = await preflight(UI);
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe(UI);
    expect(headers.get("access-control-allow-methods")).toContain("PUT");
    expect(headers.get("access-control-allow-headers")?.toLowerCase()).toContain("if-match");
    expect(headers.get("vary")?.toLowerCase()).toContain("origin");
  });
});

test("attack A11 a page may read what it is answered only at an origin in CORS_ORIGINS", async () => {
  await service.saveConfig(PORCH, CONTENT);
  const allowed = async (origin: string) => {
    const response = await service.request("GET", `/api/configs/${PORCH}`, { headers: { Origin: origin } });
    expect(response.status).toBe(200);
    return response.headers.get("access-control-allow-origin");
  };
  expect(await allowed(EVIL)).toBeNull();
  expect(await allowed(UI)).toBe(UI);
});
