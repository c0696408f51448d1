import { describe, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { preparePrometheus } from "../../scripts/prometheus.mjs";
import { tempDir } from "../support/temp-dir.ts";
import { type Alert, alerts, cases, casesText, PROMETHEUS_FOLDER } from "./alert-files.ts";

const programs = preparePrometheus();
const missing = programs === null ? " (not run: promtool is not here, nor apt-get to get it with)" : "";
const names = alerts.map(({ alert }) => alert);
const runbook = await readFile(join(PROMETHEUS_FOLDER, "../../docs/runbook.md"), "utf8");

describe("each alert", () => {
  test("has a name of its own, and all are of this service", () => {
    expect(names.length).toBeGreaterThan(8);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toStartWith("Iotsupport");
  });

  test.each(alerts)("$alert says what it is, what it means, how urgent it is, and what to do", (alert) => {
    const { summary, description, runbook_url = "" } = alert.annotations ?? {};
    expect([summary, description]).toEqual([expect.stringMatching(/./), expect.stringMatching(/\.$/)]);
    expect(alert.labels?.["severity"]).toMatch(/^(critical|warning)$/);
    expect(runbook_url).toBe(`docs/runbook.md#${alert.alert.toLowerCase()}`);
    expect(runbook).toContain(`\n## ${alert.alert}\n`);
  });

  test("has its paragraph in the runbook, in their order, and no paragraph is of an alert that is not", () => {
    const paragraphs = [...runbook.matchAll(/^## (Iotsupport\w+)$/gm)].map(([, name]) => name ?? "");
    expect(paragraphs).toEqual(names);
  });

  test.each(names)("%s has a case in which it fires, and one in which it does not", (name) => {
    const looks = cases.filter(({ alertname }) => alertname === name);
    expect(looks.some(({ exp_alerts = [] }) => exp_alerts.length > 0)).toBe(true);
    expect(looks.some(({ exp_alerts = [] }) => exp_alerts.length === 0)).toBe(true);
  });

  test("that a case names is there", () => {
    for (const { alertname } of cases) expect(names).toContain(alertname);
  });
});

describe.skipIf(programs === null)(`promtool${missing}`, () => {
  test("takes the configuration, and finds nothing to complain about in the rules", async () => {
    expect(await promtool("check", "config", "prometheus.yml")).toContain("is valid");
    await promtool("check", "rules", "--lint=all", "--lint-fatal", "alerts.yml");
  });

  test("finds that every case comes out as written", async () => {
    expect(await promtool("test", "rules", "alerts.test.yml")).toContain("SUCCESS");
  });

  const changes: readonly [change: string, (alert: Alert) => Alert][] = [
    ["never fires", (alert) => ({ ...alert, expr: "vector(1) > 2" })],
    ["always fires", (alert) => ({ ...alert, expr: "vector(1)", for: "0s" })],
    ["fires without its wait", (alert) => ({ ...alert, for: "0s" })],
    ["fires an hour later", (alert) => ({ ...alert, for: "1h" })],
  ];
  test.each(changes)("would notice of any alert if it were one that %s", async (_, change) => {
    await using dir = await tempDir();
    const changed = alerts.map(change);
    await writeFile(join(dir.path, "alerts.yml"), rulesOf(changed));
    await writeFile(join(dir.path, "alerts.test.yml"), casesText);
    const { exitCode, said } = await run(["test", "rules", "alerts.test.yml"], dir.path);
    expect(exitCode).not.toBe(0);
    const noticed = new Set([...said.matchAll(/alertname: (\w+),/g)].map(([, name]) => name ?? ""));
    const toNotice = changed.filter(
      (alert, at) => (alert.for ?? "0s") !== (alerts[at]?.for ?? "0s") || alert.expr !== alerts[at]?.expr,
    );
    expect([...noticed].toSorted()).toEqual(toNotice.map(({ alert }) => alert).toSorted());
  });
});

/** A file of rules; JSON is YAML. */
function rulesOf(all: readonly Alert[]): string {
  return JSON.stringify({ groups: [{ name: "changed", rules: all }] });
}

/** What promtool says of the project's files, all being well. */
async function promtool(...args: readonly string[]): Promise<string> {
  const { exitCode, said } = await run(args, PROMETHEUS_FOLDER);
  if (exitCode !== 0) throw new Error(said);
  return said;
}

async function run(args: readonly string[], cwd: string) {
  const child = Bun.spawn([programs?.promtool ?? "promtool", ...args], {
    cwd,
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { exitCode: await child.exited, said: said.join("\n") };
}
