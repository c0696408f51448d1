import { expect } from "bun:test";
import { join } from "node:path";
import { metricOf } from "../support/metrics.ts";
import { row } from "../support/row.ts";
import { startTestService } from "../support/service.ts";
import { smallDisk } from "../support/small-disk.ts";

const CONTENT = JSON.stringify({ filling: "x".repeat(200_000) });

row(
  "R12",
  "a full disk refuses saves, says so, and goes on with reads and with the deletes that mend it",
  { rounds: { test: 1, full: 3 }, needs: ["a tmpfs to mount"] },
  async ({ did }) => {
    await using disk = await smallDisk("24m");
    await using service = await startTestService({ dataDir: join(disk.path, "data") });
    const saved: string[] = [];
    let refusal = await service.tryToSaveConfig(macOf(0), CONTENT);
    while (refusal.status === 200 && saved.length < 1_000) {
      saved.push(macOf(saved.length));
      refusal = await service.tryToSaveConfig(macOf(saved.length), CONTENT);
    }
    expect(refusal.status).toBe(507);
    expect(await refusal.json()).toMatchObject({ code: "STORAGE_FULL" });

    const health = await service.request("GET", "/api/health");
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ status: "unhealthy", reason: "the disk is full" });
    expect(await metricOf(service, "iot_store_healthy")).toBe(0);
    expect((await service.request("GET", "/api/health/ready")).status).toBe(200);
    expect((await service.request("GET", `/api/configs/${macOf(saved.length)}`)).status).toBe(404);

    did("saves until the disk was full", saved.length);

    for (const mac of saved) {
      expect((await service.fetchConfig(mac)).text).toBe(CONTENT);
      await service.deleteConfig(mac);
    }
    await service.saveConfig(macOf(0), CONTENT);
    expect((await service.request("GET", "/api/health")).status).toBe(200);
  },
);

function macOf(n: number): string {
  return `aa-bb-cc-00-${(n >> 8).toString(16).padStart(2, "0")}-${(n & 255).toString(16).padStart(2, "0")}`;
}
