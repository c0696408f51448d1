import { expect, test } from "bun:test";
import { startBroker } from "../broker.ts";
import { macs } from "../load.ts";
import { startTestService } from "../service.ts";
import { HistoryLog } from "./history-log.ts";
import { linesOf } from "./print.ts";
import { assetOf, configOf, newVersion, versionOfAsset, versionOfConfig } from "./versions.ts";

const [CONFIG = ""] = macs(1).map((mac) => `configs/${mac}`);
const ASSET = "assets/fw.bin";

test("what is asked of a real service, and what it announces, makes a history that holds", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe("iotsupport/updates/#");
  await using service = await startTestService({ mqtt: broker.mqtt });
  const log = new HistoryLog();
  const client = log.through(service);
  for (const file of [CONFIG, ASSET]) {
    expect(await client.delete(file)).toMatchObject({ kind: "unmet", status: 404 });
    expect(await client.read(file)).toMatchObject({ kind: "missing" });
    expect(await client.save(file)).toMatchObject({ kind: "done", revision: 1 });
    expect(await client.save(file)).toMatchObject({ kind: "done", revision: 2 });
    expect(await client.delete(file, { revision: 1 })).toMatchObject({ kind: "unmet", status: 412 });
    expect(await client.delete(file, { revision: 2 })).toMatchObject({ kind: "done", revision: 3 });
    expect(await client.save(file)).toMatchObject({ kind: "done", revision: 4 });
    expect(await client.read(file)).toMatchObject({ kind: "found", revision: 4 });
  }
  expect(await client.save(CONFIG, "absent")).toMatchObject({ kind: "unmet", status: 412 });
  expect(await client.save(CONFIG, { revision: 4 })).toMatchObject({ kind: "done", revision: 5 });
  expect(await client.read(CONFIG, "operator")).toMatchObject({ kind: "found", revision: 5 });
  await log.expectToHold(service, announced);
  expect(linesOf(log.history).join("\n")).toContain(`${CONFIG}: revision 5 announced`);
});

test("a request that gets no answer is lost, and one that is refused is refused", async () => {
  const log = new HistoryLog();
  const service = await startTestService({ maxConfigBytes: 2, maxUploads: 1 });
  const client = log.through(service);
  expect(await client.save(CONFIG)).toMatchObject({ kind: "refused", status: 413 });
  await service[Symbol.asyncDispose]();
  expect(await client.save(CONFIG)).toEqual({ kind: "lost" });
  expect(await client.read(CONFIG)).toEqual({ kind: "lost" });
});

test("a history that does not hold is thrown, with the shortest that shows it", async () => {
  await using service = await startTestService();
  const log = new HistoryLog();
  await log.through(service).save(CONFIG);
  await log.through(service).save(CONFIG);
  await service.saveConfig(CONFIG.replace("configs/", ""), { from: "a stranger" });
  await log.through(service).read(CONFIG);
  const reason = /not whole \(21 bytes, from .*a stranger.* on\) was read as revision 3, and nobody sent it/;
  expect(() => log.expectToFit()).toThrow(reason);
  expect(() => log.expectToFit()).toThrow(
    /the shortest that shows the first:\n +0\.0 ms {2}configs\S+: read/,
  );
});

test("a version is read from its bytes only if all of them are there", () => {
  const config = newVersion(CONFIG);
  const asset = newVersion(ASSET, 1_000);
  expect(versionOfConfig(configOf(config))).toBe(config);
  expect(versionOfAsset(assetOf(asset))).toBe(asset);
  expect(assetOf(asset)).toHaveLength(1_000);
  expect(versionOfConfig(configOf(config).replace("x", ""))).toContain("not whole");
  expect(versionOfAsset(assetOf(asset).subarray(1))).toContain("not whole");
  expect(versionOfAsset(assetOf(asset).subarray(0, -1))).toContain("not whole");
  expect(versionOfAsset(Buffer.alloc(0))).toContain("not whole");
});
