import { expect, test } from "bun:test";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { metricOf } from "../support/metrics.ts";
import { startTestService } from "../support/service.ts";
import { canMountDisks, smallDisk } from "../support/small-disk.ts";

const CONTENT = JSON.stringify({ filling: "x".repeat(200_000) });

test.skipIf(!canMountDisks)(
  "a disk that was full is said to be well again soon after there is room, though nobody saves",
  async () => {
    await using disk = await smallDisk("24m");
    await using service = await startTestService({ dataDir: join(disk.path, "data") });
    const filler = join(disk.path, "filler");
    await writeFile(filler, new Uint8Array(12 * 1024 ** 2));
    for (let n = 16; n < 200 && (await service.tryToSaveConfig(macOf(n), CONTENT)).status === 200; ) n++;
    expect((await service.request("GET", "/api/health")).status).toBe(503);
    await rm(filler);
    await until(
      "it is well",
      async () => (await service.request("GET", "/api/health")).status === 200,
      10_000,
    );
    expect(await metricOf(service, "iot_store_healthy")).toBe(1);
    await service.saveConfig(macOf(16), CONTENT);
  },
);

function macOf(n: number): string {
  return `aa-bb-cc-dd-ee-${n.toString(16).padStart(2, "0")}`;
}
