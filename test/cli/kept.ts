import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { macs } from "../support/load.ts";
import { startTestService } from "../support/service.ts";
import type { ServiceClient } from "../support/service-client.ts";

export const [PORCH = "", ATTIC = "", CELLAR = ""] = macs(3);

/** All that a service gives of what it keeps: each file's bytes, as text, with its revision. */
export type Kept = Readonly<Record<string, string>>;

/** Something of everything, as a service keeps it: configs and assets, replaced, of the same bytes, and deleted. */
export async function keepSome(service: ServiceClient): Promise<void> {
  await service.saveConfig(PORCH, '{"deviceName":"porch", "gain":1.0}');
  await service.saveConfig(ATTIC, { deviceName: "attic" });
  await service.saveConfig(ATTIC, { deviceName: "attic", enableOTA: true });
  await service.saveConfig(CELLAR, {});
  await service.deleteConfig(CELLAR);
  await service.uploadAsset("plug.bin", "plug firmware 1.4.2");
  await service.uploadAsset("copy.bin", "plug firmware 1.4.2");
  await service.uploadAsset("lamp.bin", "lamp firmware 1");
  await service.uploadAsset("lamp.bin", Buffer.alloc(60_000, "lamp firmware 2"));
  await service.uploadAsset("empty.bin", "");
}

/** A data directory that a service filled, and left in order. */
export async function filledDataDir(dir: string): Promise<string> {
  const dataDir = join(dir, "data");
  await using service = await startTestService({ dataDir });
  await keepSome(service);
  return dataDir;
}

export async function keptBy(service: ServiceClient): Promise<Kept> {
  const kept: Record<string, string> = {};
  for (const mac of await service.listConfigs()) {
    const { text, revision } = await service.fetchConfig(mac);
    kept[`configs/${mac}@${revision}`] = text;
  }
  for (const filename of await service.listAssets()) {
    const { bytes, revision } = await service.fetchAsset(filename);
    kept[`assets/${filename}@${revision}`] = bytes.toString("base64");
  }
  return kept;
}

/** What a service started there keeps. */
export async function keptIn(dataDir: string): Promise<Kept> {
  await using service = await startTestService({ dataDir });
  return await keptBy(service);
}

/** Every name under a directory, however deep, folders too. */
export async function namesUnder(dir: string): Promise<readonly string[]> {
  return (await readdir(dir, { recursive: true })).toSorted();
}
