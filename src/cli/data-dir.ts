import { statSync } from "node:fs";
import { resolve } from "node:path";
import { readDataDir } from "../settings.ts";
import { openSqliteReader, type StoreReader } from "../store/index.ts";
import { CommandError, type Surroundings } from "./command.ts";

/** DATA_DIR as a whole path. Throws `CommandError` where root would leave files that the service cannot read. */
export function dataDirToWriteIn({ env }: Pick<Surroundings, "env">): string {
  const dataDir = resolve(readDataDir(env));
  const owner = statSync(dataDir, { throwIfNoEntry: false })?.uid;
  if (process.getuid?.() === 0 && owner !== undefined && owner !== 0) {
    throw new CommandError(
      `${dataDir} belongs to account ${owner}, and root would leave files there that it cannot read; run this as that account`,
    );
  }
  return dataDir;
}

/** What the directory keeps. Throws `CommandError` where that is nothing. */
export function openKept(dataDir: string): StoreReader {
  const reader = openSqliteReader(dataDir);
  if (reader !== null) return reader;
  throw new CommandError(`there is nothing in DATA_DIR ${dataDir}; set it to the service's own`);
}
