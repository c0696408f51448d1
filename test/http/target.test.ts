import { describe, expect, test } from "bun:test";
import { Hono } from "hono";
import type { Env } from "../../src/http/env.ts";
import { hostGuard, pathOf } from "../../src/http/target.ts";

describe("a request's path", () => {
  const targets: readonly (readonly [string, string])[] = [
    ["http://host/api/health", "/api/health"],
    ["http://host:3201/api/health?q=/x", "/api/health"],
    ["http://[::1]:3201/a%2fb/%c3%a9", "/a%2fb/é"],
    ["/api/health", "/api/health"],
    ["/x/api/health?at=http://x/", "/x/api/health"],
    ["/api/at:noon/x", "/api/at:noon/x"],
    ["//host/x", "//host/x"],
    ["/api/assets/../../etc/passwd", "/etc/passwd"],
    ["/", "/"],
    ["host:443", "/host:443"],
    ["*", "/*"],
  ];
  test.each(targets)("in %s is %s", (url, path) => {
    // What Bun hands to a server has such a URL, where a Request of our own must have a whole one.
    expect(pathOf(Object.defineProperty(new Request("http://x"), "url", { value: url }))).toBe(path);
  });
});

describe("Host", () => {
  const hosts = [
    "host",
    "host:3201",
    "a_b.example.",
    "127.0.0.1:80",
    "[::1]",
    "[fe80::1]:80",
    "x:",
    "",
    "xn--bcher-kva",
  ];
  test.each(hosts)("may be %p", async (host) => {
    expect(await answerTo({ Host: host })).toBe("let through");
  });

  test("may be missing, as in HTTP/1.0", async () => {
    expect(await answerTo({})).toBe("let through");
  });

  const others = [
    "a, b",
    "a,b",
    "a b",
    "a/b",
    "a?b",
    "a#b",
    "user@a",
    "[",
    "[::1",
    "a:b",
    "a:123456",
    "\u00e9",
    "<a>",
    "a\\b",
  ];
  test.each(others)("may not be %p", async (host) => {
    expect(await answerTo({ Host: host })).toStartWith("Host: must be one host");
  });
});

async function answerTo(headers: Record<string, string>): Promise<string> {
  const app = new Hono<Env>();
  app.use(hostGuard);
  app.get("/", (c) => c.text("let through"));
  app.onError(({ message }, c) => c.text(message));
  return await (await app.request("/", { headers })).text();
}
