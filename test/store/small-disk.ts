import { rm } from "node:fs/promises";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

/** A folder on a disk of its own, that runs full; only where this user may mount one. */
export class SmallDisk implements AsyncDisposable {
  constructor(private readonly dir: TempDir) {}

  get path(): string {
    return this.dir.path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Bun.spawnSync(["umount", this.path]);
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Null where nothing can be mounted, as for a user without that right, or in a container. */
export async function smallDisk(size: string): Promise<SmallDisk | null> {
  const dir = await tempDir();
  const { success } = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", dir.path], {
    stderr: "ignore",
  });
  if (success) return new SmallDisk(dir);
  await dir[Symbol.asyncDispose]();
  return null;
}
