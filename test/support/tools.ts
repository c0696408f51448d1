import { canMountImages } from "./ext4-disk.ts";
import { canMountDisks } from "./small-disk.ts";

/** What some rows need of a machine besides what `npm test` sets up. */
export type Tool = "a tmpfs to mount" | "an ext4 to mount" | "strace";

/** Those of them that this machine lacks. */
export function missingTools(needs: readonly Tool[]): readonly Tool[] {
  return needs.filter((tool) => !isThere[tool]());
}

const isThere: Readonly<Record<Tool, () => boolean>> = {
  "a tmpfs to mount": () => canMountDisks,
  "an ext4 to mount": canMountImages,
  strace: () => canTrace,
};

/** It may be installed, and yet not be let near another process. */
const canTrace =
  Bun.which("strace") !== null &&
  Bun.spawnSync(["strace", "-qq", "-e", "trace=none", "true"], { stderr: "ignore" }).success;
