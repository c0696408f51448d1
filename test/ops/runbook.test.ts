import { expect, test } from "bun:test";
import { Glob } from "bun";
import * as v from "valibot";
import { HealthAnswer } from "../../src/health/routes.ts";
import { blocksOf, rowsOf } from "../docs/markdown.ts";
import { alerts } from "./alert-files.ts";
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

test("the runbook shows health as the service answers it", () => {
  const [shown] = blocksOf(runbook).filter(({ label }) => label === "json");
  const health = JSON.parse(shown?.text ?? "");
  expect(v.parse(v.strictObject(HealthAnswer.entries), health)).toEqual(health);
});

test("the runbook begins with what is urgent and what is not", () => {
  const rows = rowsOf(runbook).slice(0, alerts.length);
  for (const [column, severity] of ["critical", "warning"].entries()) {
    const listed = rows.flatMap((row) => /^\[(Iotsupport\w+)\]/.exec(row[column] ?? "")?.[1] ?? []);
    const such = alerts.filter(({ labels }) => labels?.["severity"] === severity).map(({ alert }) => alert);
    expect(listed.toSorted()).toEqual(such.toSorted());
  }
});
