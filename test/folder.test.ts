import { expect, test } from "bun:test";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../src/folder.ts";
import { tempDir } from "./support/temp-dir.ts";

test("a folder is made with those above it, for this account alone, and left as it is where it is there", async () => {
  await using dir = await tempDir();
  const [highest, path] = [join(dir.path, "a"), join(dir.path, "a/b/c")];
  makeFolder(path);
  for (const made of [highest, path]) expect((await stat(made)).mode & 0o777).toBe(0o700);
  const { ctimeMs } = await stat(path);
  makeFolder(path);
  expect((await stat(path)).ctimeMs).toBe(ctimeMs);
});

test("a folder that a file stands in the way of cannot be made", async () => {
  await using dir = await tempDir();
  await Bun.write(join(dir.path, "file"), "");
  expect(() => makeFolder(join(dir.path, "file/folder"))).toThrow(/ENOTDIR|EEXIST/);
});
