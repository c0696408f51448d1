import { describe, expect, test } from "bun:test";
import { startTestService } from "../support/service.ts";
import { fill, IMAGE, PORCH } from "./surroundings.ts";

const PATHS = [
  `/api/configs/${PORCH}.json`,
  "/api/configs",
  "/api/configs/porch",
  `/api/assets/${IMAGE}`,
  "/api/health",
  "/nowhere",
];

describe("a shared cache", () => {
  test("keeps no answer that depends on who asks, nor a list", async () => {
    await using service = await startTestService();
    await fill(service);
    const asked: readonly (readonly [path: string, headers: Record<string, string>, status: number])[] = [
      [`/api/firmware/${IMAGE}`, {}, 200],
      [`/api/firmware/${IMAGE}`, { Range: "bytes=0-0" }, 206],
      [`/api/firmware/${IMAGE}`, { "x-ESP32-version": "1.4.2" }, 304],
      [`/api/firmware/${IMAGE}`, { "x-ESP8266-mode": "version" }, 200],
      [`/api/manifests/${IMAGE}.json`, {}, 200],
      ["/api/configs", {}, 200],
      ["/api/assets", {}, 200],
    ];
    for (const [path, headers, status] of asked) {
      const response = await service.request("GET", path, { headers });
      const cacheControl = response.headers.get("Cache-Control");
      expect([path, response.status, cacheControl]).toEqual([path, status, "private, no-cache"]);
    }
  });

  test("tells pages apart where some of other origins are let in, whoever asked first", async () => {
    await using shared = await startTestService({ corsOrigins: ["https://ui.example"] });
    await using alone = await startTestService();
    for (const service of [shared, alone]) await fill(service);
    const origins = [{}, { Origin: "https://ui.example" }, { Origin: "https://foreign.example" }];
    for (const path of [...PATHS, ...PATHS]) {
      // The second time from memory.
      for (const headers of origins) {
        const vary = (await shared.request("GET", path, { headers })).headers.get("Vary");
        expect([path, headers, vary]).toEqual([path, headers, "Origin"]);
        expect((await alone.request("GET", path, { headers })).headers.has("Vary")).toBe(false);
      }
    }
    const refused = await shared.request("DELETE", `/api/configs/${PORCH}`, { headers: { Origin: "null" } });
    expect([refused.status, refused.headers.get("Vary")]).toEqual([403, "Origin"]);
  });
});
