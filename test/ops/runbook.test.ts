import { expect, test } from "bun:test";
import { Glob } from "bun";
import { dashboard } from "./dashboard-files.ts";

const runbook = await Bun.file("docs/runbook.md").text();
const quotes = [...runbook.matchAll(/(?<![*\w])\*([^*\n]+(?:\n[^*\n]+)?)\*(?![*\w])/g)].map(
  ([, quote = ""]) => quote.replace(/\s+/g, " ").replace(/ ?…$/, ""),
);
const sources = await Promise.all(
  [...new Glob("src/**/*.ts").scanSync()].map((path) => Bun.file(path).text()),
);
const said = [...sources, ...dashboard.panels.map(({ title }) => title)].join("\n");

test("the runbook quotes what the service says and what the dashboard shows", () => {
  expect(quotes.length).toBeGreaterThan(10);
  expect(quotes.filter((quote) => !said.includes(quote))).toEqual([]);
});
