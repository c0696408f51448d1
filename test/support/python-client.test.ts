import { expect, test } from "bun:test";
import { startBroker } from "./broker.ts";
import { PythonClient } from "./python-client.ts";
import { startTestService } from "./service.ts";

test("a config saved and an asset uploaded by a Python client are announced and fetched", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe("iotsupport/updates/#");
  await using service = await startTestService({ mqtt: broker.mqtt });
  const python = new PythonClient(service.url);

  const saved = await python.saveConfig("AA:BB:CC:DD:EE:01", { deviceName: "Küche", enableOTA: true });
  expect(saved.status).toBe(200);
  expect(JSON.parse(saved.body.toString())).toMatchObject({ device_name: "Küche", enable_ota: true });
  expect(await announced.next()).toEqual({ filename: "aa-bb-cc-dd-ee-01.json" });
  const { text } = await service.fetchConfig("aa-bb-cc-dd-ee-01");
  expect(text).toBe('{"deviceName": "K\\u00fcche", "enableOTA": true}');

  const bytes = crypto.getRandomValues(new Uint8Array(10_000));
  const uploaded = await python.uploadAsset("firmware-1.0.bin", bytes, new Date());
  expect(uploaded.status).toBe(200);
  expect(JSON.parse(uploaded.body.toString())).toMatchObject({ filename: "firmware-1.0.bin", size: 10_000 });
  expect(await announced.next()).toEqual({ filename: "firmware-1.0.bin" });
  expect((await service.fetchAsset("firmware-1.0.bin")).bytes).toEqual(Buffer.from(bytes));
});
