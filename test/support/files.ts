import { readdir } from "node:fs/promises";

/** Every file under a directory, however deep, sorted; without the database's own, which come and go. */
export async function filesUnder(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !/\.db(-wal|-shm|-journal)?$/.test(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .toSorted();
}
