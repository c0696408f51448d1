import { expect, test } from "bun:test";
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
