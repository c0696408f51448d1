import { readdir } from "node:fs/promises";

const STORES_OWN = /^reserve$|\.db(-wal|-shm|-journal)?$/;

/** Every file under a directory, however deep, sorted; without the store's own, which come and go. */
export async function filesUnder(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !STORES_OWN.test(entry.name))
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .toSorted();
}
