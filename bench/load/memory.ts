import { readFile } from "node:fs/promises";

const SETTLED_MS = 2_000;

/** A process's resident memory, in MiB, once it has had time to give back what it does not need. */
export async function residentMb(pid: number): Promise<number> {
  await Bun.sleep(SETTLED_MS);
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
