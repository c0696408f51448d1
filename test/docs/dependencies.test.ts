import { expect, test } from "bun:test";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { rowsOf, sectionOf } from "./markdown.ts";

const PAGE = await Bun.file(join(import.meta.dir, "../../docs/dependencies.md")).text();

for (const [heading, dependencies] of [
  ["## At run time", manifest.dependencies],
  ["## To work on it", manifest.devDependencies],
] as const) {
  test(`docs/dependencies.md tells of each package that there is, "${heading.slice(3)}"`, () => {
    const rows = rowsOf(sectionOf(PAGE, heading));
    expect(rows.map(([name = ""]) => name).toSorted()).toEqual(Object.keys(dependencies).toSorted());
    for (const cells of rows) expect(cells.filter((cell) => cell !== "")).toHaveLength(4);
  });

  test(`each is pinned to an exact version, "${heading.slice(3)}"`, () => {
    for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });
}
