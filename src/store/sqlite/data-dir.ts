import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { flush } from "../../folder.ts";
import type { DataDirLock } from "./lock.ts";

export function databaseIn(dataDir: string): string {
  return join(dataDir, "iotsupport.db");
}

export function reserveIn(dataDir: string): string {
  return join(dataDir, "reserve");
}

/** Whether there is a database, or what was left of one. */
export function hasDatabase(dataDir: string): boolean {
  return [databaseIn(dataDir), ...logsIn(dataDir)].some((path) => existsSync(path));
}

/**
 * Gives the directory its database: the file at `path`, of the same disk. It is there, whole and flushed, when this
 * resolves, or not at all. One that is there already makes way: see that it is worth nothing.
 */
export async function placeDatabase({ dataDir }: DataDirLock, path: string): Promise<void> {
  await flush(path);
  for (const log of logsIn(dataDir)) await rm(log, { force: true }); // Of the other database: it would spoil this one.
  await rename(path, databaseIn(dataDir));
  await flush(dataDir);
}

/** What SQLite keeps beside a database while it is open, or after a crash. */
function logsIn(dataDir: string): readonly string[] {
  return ["-wal", "-shm", "-journal"].map((suffix) => `${databaseIn(dataDir)}${suffix}`);
}
