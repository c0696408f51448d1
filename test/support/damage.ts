import { open } from "node:fs/promises";
import { join } from "node:path";

/** Bytes of a database that tell what it is, and stay. */
const FIRST_PAGE = 4096;

/** Overwrites a service's database beneath it, as a dying disk may. What it has not read yet, it cannot read now. */
export async function damageDatabase(dataDir: string): Promise<void> {
  await using file = await open(join(dataDir, "iotsupport.db"), "r+");
  const { size } = await file.stat();
  await file.write(Buffer.alloc(size - FIRST_PAGE, 0xff), 0, size - FIRST_PAGE, FIRST_PAGE);
}
