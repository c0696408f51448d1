import { expect, test } from "bun:test";
import { join } from "node:path";
import { rowsOf, sectionOf } from "../../docs/markdown.ts";
import { breaks } from "./breaks.ts";

const PROJECT = join(import.meta.dir, "../../..");

test.each(breaks.map((each) => [each.name, each] as const))(
  "%s: can be planted",
  async (_, { file, find }) => {
    const text = await Bun.file(join(PROJECT, file)).text();
    expect(text.split(find)).toHaveLength(2);
  },
);

test("docs/testing.md tells of each break, and the row that caught it", async () => {
  const page = await Bun.file(join(PROJECT, "docs/testing.md")).text();
  const told = rowsOf(sectionOf(page, "## Planted breaks"));
  expect(told).toEqual(breaks.map(({ name, file, caughtBy }) => [name, file, caughtBy]));
});
