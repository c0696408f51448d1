import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Glob } from "bun";

const PROJECT = join(import.meta.dir, "../..");
const PAGES = ["*.md", "docs/**/*.md", "mosquitto/*.md"]
  .flatMap((pattern) => [...new Glob(pattern).scanSync(PROJECT)])
  .toSorted();

test.each(PAGES)("%s links to what there is", async (page) => {
  const text = await Bun.file(join(PROJECT, page)).text();
  const targets = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, target = ""]) => target);
  const missing = targets.filter((target) => !existsSync(join(PROJECT, dirname(page), target)));
  expect(missing).toEqual([]);
});

test.each(PAGES)("%s links to headings that there are", async (page) => {
  const text = await Bun.file(join(PROJECT, page)).text();
  const links = [...text.matchAll(/\]\(([^)#:]*)#([^)]*)\)/g)];
  const missing = links.filter(([, target = "", anchor = ""]) => {
    const linked = target === "" ? text : readFileSync(join(PROJECT, dirname(page), target), "utf8");
    return !anchorsIn(linked).includes(anchor);
  });
  expect(missing.map(([link]) => link)).toEqual([]);
});

test.each(PAGES)("%s names files and scripts that there are", async (page) => {
  const text = await Bun.file(join(PROJECT, page)).text();
  const named = [...text.matchAll(/`((?:src|scripts|test|mosquitto|docs|ops)\/[\w./-]+)`/g)];
  const missing = named.map(([, path = ""]) => path).filter((path) => !existsSync(join(PROJECT, path)));
  expect(missing).toEqual([]);
});

/** As GitHub makes them of a page's headings. */
function anchorsIn(page: string): string[] {
  return [...page.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}
