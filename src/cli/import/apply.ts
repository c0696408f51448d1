import { type DiskBlobs, openDiskBlobs } from "../../blobs/index.ts";
import { configOf, parseMac, readContent } from "../../configs/index.ts";
import type { SizeLimits } from "../../settings.ts";
import { type DataDirLock, type NewAsset, openSqliteTakeover, type Takeover } from "../../store/index.ts";
import { CommandError } from "../command.ts";
import type { Progress } from "../progress.ts";
import { bytesOf, readWhole } from "./plain-file.ts";
import type { Planned } from "./plan.ts";

export interface Applied {
  readonly configs: readonly Planned[];
  readonly assets: readonly Planned[];
}

export interface ApplyOptions {
  readonly announce: boolean;
  readonly limits: SizeLimits;
  readonly now: Date;
  readonly progress: Progress;
}

/**
 * Brings planned files in: first the assets' bytes, which nobody sees, then all rows in one commit. When it throws,
 * none is there, and what bytes were placed are collected by the service.
 */
export async function applyImport(
  lock: DataDirLock,
  { configs, assets }: Applied,
  { announce, limits, now, progress }: ApplyOptions,
): Promise<void> {
  const blobs = openDiskBlobs(lock.dataDir);
  using takeover = openSqliteTakeover(lock, { announces: announce, now });
  const placed: NewAsset[] = [];
  progress.begin("Copying assets", { of: assets.reduce((sum, { size }) => sum + size, 0), unit: "bytes" });
  for (const asset of assets) placed.push(await place(asset, blobs, takeover, limits, progress));
  progress.begin("Importing", { of: configs.length + assets.length, unit: "files" });
  for (const config of configs) {
    await saveConfig(config, takeover, limits);
    progress.add(1);
  }
  for (const asset of placed) {
    await takeover.saveAsset(asset);
    progress.add(1);
  }
  await takeover.commit();
}

/** By claim, blob, row, as an upload. */
async function place(
  { key, path }: Planned,
  blobs: DiskBlobs,
  takeover: Takeover,
  { maxAssetBytes }: SizeLimits,
  progress: Progress,
): Promise<NewAsset> {
  const staged = await blobs.stage();
  try {
    let size = 0;
    for await (const chunk of bytesOf(path)) {
      progress.add(chunk.length);
      size += chunk.length;
      if (size > maxAssetBytes) throw new CommandError(`${path} grew over MAX_ASSET_BYTES while it was read`);
      await staged.write(chunk);
    }
    const { sha256, keep } = await staged.finish();
    const claim = await takeover.claimBlob(sha256);
    await keep();
    return { filename: key.name, sha256, size, claim };
  } finally {
    await staged.discard();
  }
}

/** Read and judged once more: to hold all contents since they were judged would take too much memory. */
async function saveConfig(
  { key, path }: Planned,
  takeover: Takeover,
  { maxConfigBytes }: SizeLimits,
): Promise<void> {
  const content = readContent(await readWhole(path), maxConfigBytes);
  await takeover.saveConfig(configOf(parseMac(key.name), content));
}
