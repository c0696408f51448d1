import { expect, test } from "bun:test";
import { startBroker } from "../support/broker.ts";
import { setClock, startClockedProcess } from "../support/clocked-process.ts";
import { until } from "../support/deadline.ts";
import { tempDir } from "../support/temp-dir.ts";

const MAC = "aa-bb-cc-dd-ee-ff";
const MINUTE_MS = 60_000;
const PATIENCE_MS = 30_000;

test("a device that slept through an announcement is told again, over a kill of the service, until it has come", async () => {
  await using broker = await startBroker();
  await using dir = await tempDir();
  await using watcher = await broker.subscribe("iotsupport/updates/#");
  const { url, username, password } = broker.mqtt;
  const env = { DATA_DIR: dir.path, MQTT_URL: url, MQTT_USERNAME: username, MQTT_PASSWORD: password };
  const announced = async (what: string) => {
    expect(await watcher.next(what, PATIENCE_MS)).toEqual({ filename: `${MAC}.json` });
  };
  {
    await using service = await startClockedProcess({ ...env, REANNOUNCE: "on" });
    await service.saveConfig(MAC, {});
    await announced("the first revision");
    await service.fetchConfig(MAC);
    await until("it has that", async () => (await stateOf(service)) === "fetched", PATIENCE_MS);
    await service.saveConfig(MAC, { sleeps: "through this" });
    await announced("the second revision");
    await until("it was told", async () => (await stateOf(service)) === "told", PATIENCE_MS);
    await setClock(service, 11 * MINUTE_MS);
    await announced("the second revision, after ten minutes");
    await service.kill();
  }
  await using service = await startClockedProcess({ ...env, REANNOUNCE: "on" });
  await setClock(service, 40 * MINUTE_MS);
  await announced("the second revision, after twenty more");
  await service.fetchConfig(MAC);
  await until("it has caught up", async () => (await stateOf(service)) === "fetched", PATIENCE_MS);
  await watcher.upToNow(); // The kill may have repeated one.
  await setClock(service, 240 * MINUTE_MS);
  await Bun.sleep(6_000); // Longer than it takes to look again.
  expect(await watcher.upToNow()).toEqual([]);
});

async function stateOf(service: {
  request(method: string, path: string): Promise<Response>;
}): Promise<string> {
  const response = await service.request("GET", `/api/devices/${MAC}`);
  const { files } = (await response.json()) as { files: { state: string }[] };
  return files[0]?.state ?? "unknown";
}
