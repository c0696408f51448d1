import { availableParallelism } from "node:os";

/** Where there are two cores or more, what is measured has the first to itself, and the load comes from the others. */
const CORES = availableParallelism();
const SERVER = "0";
const LOAD = CORES > 2 ? `1-${CORES - 1}` : "1";

/** A command, to run where loads come from. */
export function onLoadCores(command: readonly string[]): string[] {
  return CORES < 2 ? [...command] : ["taskset", "-c", LOAD, ...command];
}

/** A command, to run where what is measured runs. */
export function onServerCore(command: readonly string[]): string[] {
  return CORES < 2 ? [...command] : ["taskset", "-c", SERVER, ...command];
}

/** Moves a process that runs, all threads of it, to where what is measured runs. */
export function moveToServerCore(pid: number): void {
  if (CORES < 2) return;
  const { exitCode, stderr } = Bun.spawnSync(["taskset", "-a", "-p", "-c", SERVER, String(pid)]);
  if (exitCode !== 0) throw new Error(`taskset: ${stderr.toString()}`);
}
