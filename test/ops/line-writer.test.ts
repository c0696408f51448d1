import { expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { LineWriter } from "../../src/ops/line-writer.ts";
import { tempDir } from "../support/temp-dir.ts";

test("lines are written whole and in their order, however they come", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "log");
  const file = openSync(path, "w");
  const writer = new LineWriter(file);
  const lines = Array.from({ length: 2_000 }, (_, number) => `${number} \u00e9\u{1f35c}\n`);
  for (const [number, line] of lines.entries()) {
    writer.write(line);
    if (number % 100 === 0) await writer.written();
    else if (number % 7 === 0) await null;
  }
  await writer.written();
  closeSync(file);
  expect(await Bun.file(path).text()).toBe(lines.join(""));
});

test("what waits is bounded: lines that find no room are dropped, whole, and later ones are taken again", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "log");
  const file = openSync(path, "w");
  const writer = new LineWriter(file);
  const line = `${"x".repeat(1024 * 1024 - 1)}\n`;
  for (let count = 0; count < 40; count++) writer.write(line);
  await writer.written();
  writer.write("after\n");
  await writer.written();
  closeSync(file);
  expect((await Bun.file(path).text()) === `${line.repeat(16)}after\n`).toBe(true);
});

test("a descriptor that takes nothing stops nobody", async () => {
  await using dir = await tempDir();
  const path = join(dir.path, "log");
  await Bun.write(path, "");
  const readOnly = openSync(path, "r");
  const writer = new LineWriter(readOnly);
  writer.write("lost\n");
  await writer.written();
  writer.write("lost too\n");
  await writer.written();
  closeSync(readOnly);
  expect(await Bun.file(path).text()).toBe("");
});
