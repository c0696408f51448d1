import { isIP } from "node:net";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { forbidden } from "../fault.ts";
import type { Settings } from "../settings.ts";
import type { Env } from "./env.ts";

export type BrowserRules = Pick<Settings, "corsOrigins" | "publicUrl" | "allowedHosts">;

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Keeps pages of other sites from changing anything through a visitor's browser, also by a DNS name that was
 * rebound to our address; and lets pages of CORS_ORIGINS in. Clients that are no browsers are not concerned.
 */
export function browserGuard(rules: BrowserRules) {
  const share = cors({
    origin: [...rules.corsOrigins],
    allowMethods: ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"],
    allowHeaders: ["Content-Type", "If-Match", "If-None-Match", "X-Request-Id"],
    exposeHeaders: ["ETag", "X-Revision", "X-Request-Id"],
    maxAge: 600,
  });
  return createMiddleware<Env>(async function browserGuard(c, next) {
    const { headers } = c.req.raw;
    const origin = headers.get("Origin");
    if (!SAFE_METHODS.has(c.req.method)) {
      const refusal = refusalOf(headers, rules);
      if (refusal !== null) throw forbidden(refusal);
    }
    if (origin === null || !rules.corsOrigins.includes(origin)) return next();
    return share(c, next);
  });
}

/** Keeps a cache from giving one page's answer to another: where pages of other origins are let in, every answer may differ. */
export function varyByOrigin({ corsOrigins }: BrowserRules) {
  return createMiddleware<Env>(async function varyByOrigin(c, next) {
    await next();
    const { headers } = c.res;
    const isSaid = /\borigin\b/i.test(headers.get("Vary") ?? "");
    if (corsOrigins.length > 0 && !isSaid) headers.append("Vary", "Origin");
  });
}

/** Why a browser's change is refused, saying which setting allows it; null where it is not, or no browser asks. */
function refusalOf(headers: Headers, rules: BrowserRules): string | null {
  const origin = headers.get("Origin");
  if (origin === null && !headers.has("Sec-Fetch-Site")) return null;
  const host = headers.get("Host") ?? "";
  if (!isOwnHost(host, rules)) {
    return "Host: this name is none of ours; add it to ALLOWED_HOSTS, or set PUBLIC_URL";
  }
  const isAllowed =
    origin !== null &&
    (hostOf(origin) === host.toLowerCase() ||
      origin === rules.publicUrl ||
      rules.corsOrigins.includes(origin));
  return isAllowed
    ? null
    : "Origin: pages of this origin may change nothing here; CORS_ORIGINS or PUBLIC_URL allows it";
}

function isOwnHost(host: string, { publicUrl, allowedHosts }: BrowserRules): boolean {
  const name = nameOf(host);
  if (name === "localhost" || isIP(name.replace(/^\[|\]$/g, "")) !== 0) return true;
  return allowedHosts.includes(name) || (publicUrl !== null && nameOf(hostOf(publicUrl) ?? "") === name);
}

function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, "");
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
