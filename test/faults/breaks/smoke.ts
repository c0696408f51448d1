// What a break must leave working, or any row would catch it: the service starts, saves, and in the end gives what was
// saved.
import { until } from "../../support/deadline.ts";
import { macs } from "../../support/load.ts";
import { startLoneService } from "../../support/service-process.ts";

await using service = await startLoneService();
for (const mac of macs(3)) {
  await service.saveConfig(mac, "{}");
  await until(
    "what was saved is there",
    async () => (await service.request("GET", `/api/configs/${mac}.json`)).ok,
  );
}
await service.uploadAsset("smoke.bin", "bytes");
await service.fetchAsset("smoke.bin");
