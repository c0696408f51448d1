import { describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { type BrowserRules, browserGuard } from "../../src/http/browser-guard.ts";
import type { Env } from "../../src/http/env.ts";

const rules: BrowserRules = {
  corsOrigins: ["https://ui.example"],
  publicUrl: "https://iot.example",
  allowedHosts: ["nas.local"],
};
const own = { Host: "10.0.0.7:3201", Origin: "http://10.0.0.7:3201" };

describe("a change is let through", () => {
  const taken: readonly (readonly [string, Record<string, string>])[] = [
    ["from a client that is no browser, by whatever name", { Host: "anything.example" }],
    ["from our own page at an address", own],
    ["from our own page at an IPv6 address", { Host: "[::1]:3201", Origin: "http://[::1]:3201" }],
    ["from our own page at localhost", { Host: "localhost:3201", Origin: "http://localhost:3201" }],
    ["from our own page, the name in capitals", { Host: "LOCALHOST:3201", Origin: "http://localhost:3201" }],
    ["from our own page by a name that is allowed", { Host: "nas.local", Origin: "http://nas.local" }],
    ["from our public address", { Host: "iot.example", Origin: "https://iot.example" }],
    [
      "from our public address, passed on to an address",
      { Host: "10.0.0.7:3201", Origin: "https://iot.example" },
    ],
    ["from an origin that may", { Host: "10.0.0.7:3201", Origin: "https://ui.example" }],
    [
      "from an origin that may, of another site",
      { ...own, Origin: "https://ui.example", "Sec-Fetch-Site": "cross-site" },
    ],
  ];
  test.each(taken)("%s", async (_, headers) => {
    expect(await put(headers)).toBe("changed");
  });
});

describe("a change is refused", () => {
  const refused: readonly (readonly [string, Record<string, string>, string])[] = [
    ["from a foreign page", { ...own, Origin: "http://evil.example" }, "Origin"],
    ["from a page that hides its origin", { ...own, Origin: "null" }, "Origin"],
    ["from another port of our address", { ...own, Origin: "http://10.0.0.7:8080" }, "Origin"],
    ["from a page that names no origin", { Host: own.Host, "Sec-Fetch-Site": "same-origin" }, "Origin"],
    [
      "from what only begins like an origin that may",
      { ...own, Origin: "https://ui.example.evil" },
      "Origin",
    ],
    ["from an origin that may, without its lock", { ...own, Origin: "http://ui.example" }, "Origin"],
    ["from what is no origin", { ...own, Origin: "evil" }, "Origin"],
    ["by a foreign name that leads to us", { Host: "evil.example", Origin: "http://evil.example" }, "Host"],
    ["by a name that ends like ours", { Host: "evil-nas.local", Origin: "http://evil-nas.local" }, "Host"],
    [
      "by a name that begins like an address",
      { Host: "10.0.0.7.evil.example", Origin: "http://10.0.0.7.evil.example" },
      "Host",
    ],
    ["by no name", { Host: "", Origin: "file://" }, "Host"],
    [
      "by a foreign name, from an origin that may",
      { Host: "evil.example", Origin: "https://ui.example" },
      "Host",
    ],
  ];
  test.each(refused)("%s", async (_, headers, field) => {
    expect(await put(headers)).toMatch(new RegExp(`^FORBIDDEN ${field}: .*(ALLOWED_HOSTS|CORS_ORIGINS)`));
  });

  test.each(["PUT", "POST", "DELETE", "PATCH", "QUERY"])(
    "by %s as by any method that may change something",
    async (method) => {
      expect(await ask(method, { ...own, Origin: "http://evil.example" })).toMatch(/^FORBIDDEN /);
    },
  );
});

describe("a look", () => {
  test.each(["GET", "HEAD", "OPTIONS"])("by %s is let through from anywhere", async (method) => {
    expect(await ask(method, { Host: "evil.example", Origin: "http://evil.example" })).toMatch(
      /^(changed|)$/,
    );
  });

  test("is shared with pages of an origin that may, and with no other", async () => {
    const shared = await app().request("/", { headers: { ...own, Origin: "https://ui.example" } });
    expect(shared.headers.get("Access-Control-Allow-Origin")).toBe("https://ui.example");
    expect(shared.headers.get("Access-Control-Expose-Headers")).toContain("ETag");
    const foreign = await app().request("/", { headers: { ...own, Origin: "http://evil.example" } });
    expect([...foreign.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  test("before a change says to an origin that may what it may send", async () => {
    const headers = { ...own, Origin: "https://ui.example", "Access-Control-Request-Method": "PUT" };
    const answer = await app().request("/", { method: "OPTIONS", headers });
    expect(answer.status).toBe(204);
    expect(answer.headers.get("Access-Control-Allow-Methods")).toContain("PUT");
    expect(answer.headers.get("Access-Control-Allow-Headers")).toContain("If-Match");
  });
});

function put(headers: Record<string, string>): Promise<string> {
  return ask("PUT", headers);
}

async function ask(method: string, headers: Record<string, string>): Promise<string> {
  return (await app().request("/", { method, headers })).text();
}

function app(): Hono<Env> {
  const guarded = new Hono<Env>();
  guarded.use(browserGuard(rules));
  guarded.all("/", (c) => c.text("changed"));
  guarded.onError((error, c) => c.text(`${"code" in error ? error.code : "bug"} ${error.message}`, 403));
  return guarded;
}
