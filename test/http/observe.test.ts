import { expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { metricsOf } from "../support/metrics.ts";
import { startTestService } from "../support/service.ts";

const MAC = "aa-bb-cc-dd-ee-ff";
const DEVICES_ROUTE = "/api/configs/:file{[^/]+\\\\.json}";

test("requests are counted by the route that answers them, or would have", async () => {
  await using service = await startTestService();
  const foreign = { Origin: "http://foreign.example", "Content-Type": "application/json" };
  const requests: readonly [method: string, path: string, headers: Record<string, string>, route: string][] =
    [
      ["GET", `/api/configs/${MAC}.json`, {}, DEVICES_ROUTE],
      ["HEAD", `/api/configs/${MAC}.json`, {}, DEVICES_ROUTE],
      ["PATCH", `/api/configs/${MAC}.json`, {}, DEVICES_ROUTE],
      ["GET", `/api/configs/${MAC}`, {}, "/api/configs/:mac"],
      ["DELETE", `/api/configs/${MAC}`, foreign, "/api/configs/:mac"],
      ["GET", "/api/assets/a.bin", {}, "/api/assets/:filename"],
      ["GET", "/api/configs", {}, "/api/configs"],
      ["GET", "/api/health", {}, "/api/health"],
      ["GET", "/nowhere/at/all", {}, "/*"],
    ];
  for (const [method, path, headers] of requests) await service.request(method, path, { headers });
  const counted = (await metricsOf(service)).filter(
    ({ name }) => name === "iot_http_request_duration_seconds_count",
  );
  expect(counted.map(({ labels }) => [labels["method"], labels["route"]])).toEqual(
    requests.map(([method, , , route]) => [method, route]),
  );
});

test("a fetch is counted under one route, whichever way it goes", async () => {
  await using service = await startTestService();
  await service.saveConfig(MAC, {});
  for (const _ of [1, 2, 3]) await service.fetchConfig(MAC);
  const fetches = (await metricsOf(service)).filter(
    ({ name, labels }) => name === "iot_http_request_duration_seconds_count" && labels["method"] === "GET",
  );
  expect(fetches).toMatchObject([{ labels: { route: DEVICES_ROUTE, status: "200" }, value: 3 }]);
});

test("an asset whose bytes are missing on the disk is logged and counted as the failure that is answered", async () => {
  await using service = await startTestService();
  await service.uploadAsset("fw.bin", "firmware");
  await rm(join(service.settings.dataDir, "blobs"), { recursive: true });
  const response = await service.request("GET", "/api/assets/fw.bin");
  expect(response.status).toBe(500);
  const { correlationId } = (await response.json()) as { correlationId: string };
  expect(service.logged.filter(({ requestId }) => requestId === correlationId)).toMatchObject([
    { msg: "failed", status: 500, err: { code: "ENOENT" } },
  ]);
  const counted = (await metricsOf(service)).filter(
    ({ name, labels }) =>
      name === "iot_http_request_duration_seconds_count" && labels["route"] === "/api/assets/:filename",
  );
  expect(counted).toMatchObject([{ labels: { status: "500" }, value: 1 }]);
});
