import { rm } from "node:fs/promises";
import { type TempDir, tempDir } from "./temp-dir.ts";

/** A folder on a disk of its own, that runs full. */
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

/** Only where `canMountDisks`. */
export async function smallDisk(size: string): Promise<SmallDisk> {
  const dir = await tempDir();
  if (mount(size, dir.path)) return new SmallDisk(dir);
  await dir[Symbol.asyncDispose]();
  throw new Error("this machine lets us mount nothing");
}

/** Whether this machine lets us: a test that needs a disk of its own says with this that it was not run. */
export const canMountDisks = await (async () => {
  await using dir = await tempDir();
  const isMounted = mount("1m", dir.path);
  if (isMounted) Bun.spawnSync(["umount", dir.path]);
  return isMounted;
})();

function mount(size: string, path: string): boolean {
  return Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", path], { stderr: "ignore" })
    .success;
}
