import { expect, test } from "bun:test";
import { join } from "node:path";
import { openForWriting } from "../../src/store/sqlite/database.ts";
import { ReaderThread } from "../../src/store/sqlite/reader-thread.ts";
import { tempDir } from "../support/temp-dir.ts";

test("lists get their own answers where the thread before could not begin, and ended later", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "iotsupport.db");
  const reader = new ReaderThread(path);
  await expect(reader.read("readMacs", "", 5)).rejects.toThrow(/unable to open/);

  openForWriting(path).close(); // From now on a thread can begin. The end of the first one is still to be told.
  expect(await reader.read("readMacs", "", 5)).toEqual([]);
  expect(await reader.read("readStates", 0)).toEqual({});
  await reader.close();
});
