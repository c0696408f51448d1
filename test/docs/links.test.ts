import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
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

test.each(PAGES)("%s names files and scripts that there are", async (page) => {
  const text = await Bun.file(join(PROJECT, page)).text();
  const named = [...text.matchAll(/`((?:src|scripts|test|mosquitto|docs)\/[\w./-]+)`/g)];
  const missing = named.map(([, path = ""]) => path).filter((path) => !existsSync(join(PROJECT, path)));
  expect(missing).toEqual([]);
});
