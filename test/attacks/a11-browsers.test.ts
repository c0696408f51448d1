import { expect } from "bun:test";
import { type Cases, inEachCase } from "../support/cases.ts";
import { macs } from "../support/load.ts";
import { expectRefusal } from "../support/refusal.ts";
import { row } from "../support/row.ts";
import { type LoneService, startLoneService } from "../support/service-process.ts";

const [PORCH = ""] = macs(1);
const CONFIG = `/api/configs/${PORCH}`;
const EVIL = "http://evil.example";
const UI = "https://ui.example";
const PUBLIC_URL = "https://iot.example";
const CONTENT = `{"by":"the operator"}`;

type Attempt = readonly [method: string, path: string, headers: Record<string, string>];

const json = { "Content-Type": "application/json" };
const rebound = { Host: "evil.example:3201" };
const attempts: Cases<Attempt> = [
  ["a PUT of a foreign origin", ["PUT", CONFIG, { ...json, Origin: EVIL }]],
  ["a PUT of an origin that hides", ["PUT", CONFIG, { ...json, Origin: "null" }]],
  ["a PUT that says it is from another site", ["PUT", CONFIG, { ...json, "Sec-Fetch-Site": "cross-site" }]],
  ["a PUT that says it is from a neighbour", ["PUT", CONFIG, { ...json, "Sec-Fetch-Site": "same-site" }]],
  ["a DELETE of a foreign origin", ["DELETE", CONFIG, { Origin: EVIL }]],
  ["a DELETE of an asset", ["DELETE", "/api/assets/fw.bin", { Origin: EVIL }]],
  ["a form without a body", ["POST", "/api/assets", { Origin: EVIL, "Sec-Fetch-Site": "cross-site" }]],
  ["a form to where nothing is", ["POST", CONFIG, { Origin: EVIL }]],
  [
    "a page of a name that was turned to our address",
    ["PUT", CONFIG, { ...json, ...rebound, Origin: "http://evil.example:3201" }],
  ],
  ["the same, asking to delete", ["DELETE", CONFIG, { ...rebound, Origin: "http://evil.example:3201" }]],
  ["the same, with no origin", ["PUT", CONFIG, { ...json, ...rebound, "Sec-Fetch-Site": "same-origin" }]],
  [
    "a page of a name that only begins like ours",
    ["PUT", CONFIG, { ...json, Origin: "https://iot.example.evil.example" }],
  ],
  [
    "a page of a name that only ends like ours",
    ["PUT", CONFIG, { ...json, Origin: "https://eviliot.example" }],
  ],
  ["a page of our name with another scheme", ["PUT", CONFIG, { ...json, Origin: "http://iot.example" }]],
  ["a page of our address with another port", ["PUT", CONFIG, { ...json, Origin: "http://127.0.0.1:1" }]],
  ["a page of no sound origin", ["PUT", CONFIG, { ...json, Origin: "http://127.0.0.1:3201/" }]],
];

row("A11", "no page changes anything that is not at an origin of ours", {}, async (run) => {
  await using service = await startWithPorch();
  const count = await inEachCase(attempts, async ([method, path, headers]) => {
    const body = method === "PUT" ? `{"content":{"by":"a page"}}` : null;
    const response = await service.request(method, path, { headers, body });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
    const { error } = await expectRefusal(response, 403, "FORBIDDEN");
    expect(error).toMatch(/CORS_ORIGINS|ALLOWED_HOSTS|PUBLIC_URL/);
    await expectUntouched(service);
  });
  run.did("attempts", count);
});

row(
  "A11",
  "nor by a body of a type that needs no preflight, whatever the browser says of itself",
  {},
  async (run) => {
    await using service = await startWithPorch();
    const types = [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "text/plain; application/json",
      "",
    ];
    const count = await inEachCase(
      types.map((type) => [type, type] as const),
      async (type) => {
        const body = Buffer.from(`{"content":{"by":"a page"}}`);
        const response = await service.request("PUT", CONFIG, { headers: { "Content-Type": type }, body });
        await expectRefusal(response, 415, "UNSUPPORTED_MEDIA_TYPE");
        await expectUntouched(service);
      },
    );
    run.did("types", count);
  },
);

const ours: Cases<(host: string) => Record<string, string>> = [
  ["at the request's own address", (host) => ({ Origin: `http://${host}`, "Sec-Fetch-Site": "same-origin" })],
  ["at PUBLIC_URL", () => ({ Origin: PUBLIC_URL, Host: "iot.example" })],
  ["in CORS_ORIGINS", () => ({ Origin: UI, "Sec-Fetch-Site": "cross-site" })],
  ["at a name in ALLOWED_HOSTS", () => ({ Origin: "http://nas.local:3201", Host: "nas.local:3201" })],
  ["at localhost", () => ({ Origin: "http://localhost:3201", Host: "localhost:3201" })],
  ["at an IPv6 address", () => ({ Origin: "http://[::1]:3201", Host: "[::1]:3201" })],
];

row("A11", "a page of ours works", {}, async (run) => {
  await using service = await startWithPorch();
  const count = await inEachCase(ours, async (headers) => {
    const { host } = new URL(service.url);
    expect((await service.tryToSaveConfig(PORCH, { by: "our page" }, headers(host))).status).toBe(200);
  });
  run.did("origins", count);
});

row(
  "A11",
  "a preflight of a foreign origin is given no leave; one in CORS_ORIGINS is, for it alone",
  {},
  async () => {
    await using service = await startWithPorch();
    const preflight = (origin: string) =>
      service.request("OPTIONS", CONFIG, {
        headers: {
          Origin: origin,
          "Access-Control-Request-Method": "PUT",
          "Access-Control-Request-Headers": "content-type,if-match",
        },
      });
    const foreign = await preflight(EVIL);
    expect([...foreign.headers.keys()].filter((name) => name.startsWith("access-control-"))).toEqual([]);
    const { status, headers } = await preflight(UI);
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe(UI);
    expect(headers.get("access-control-allow-credentials")).toBeNull();
    expect(headers.get("access-control-allow-methods")).toContain("PUT");
    expect(headers.get("access-control-allow-headers")?.toLowerCase()).toContain("if-match");
    expect(headers.get("vary")?.toLowerCase()).toContain("origin");
  },
);

row("A11", "a page may read what it is answered only at an origin in CORS_ORIGINS", {}, async () => {
  await using service = await startWithPorch();
  for (const path of [CONFIG, `${CONFIG}.json`, "/api/configs", "/api/assets/fw.bin"]) {
    const allowed = async (origin: string) => {
      const response = await service.request("GET", path, { headers: { Origin: origin } });
      expect(response.status).toBe(200);
      return response.headers.get("access-control-allow-origin");
    };
    expect(await allowed(EVIL)).toBeNull();
    expect(await allowed(UI)).toBe(UI);
  }
});

async function startWithPorch(): Promise<LoneService> {
  const service = await startLoneService({ CORS_ORIGINS: UI, PUBLIC_URL, ALLOWED_HOSTS: "nas.local" });
  await service.saveConfig(PORCH, CONTENT);
  await service.uploadAsset("fw.bin", "firmware");
  return service;
}

async function expectUntouched(service: LoneService): Promise<void> {
  expect(await service.fetchConfig(PORCH)).toMatchObject({ text: CONTENT, revision: 1 });
  expect(await service.listAssets()).toEqual(["fw.bin"]);
}
