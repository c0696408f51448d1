import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** An alert as `alerts.yml` has it. */
export type Alert = {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
};

/** One look at an alert in `alerts.test.yml`. */
type Case = { readonly alertname: string; readonly exp_alerts?: readonly unknown[] };

export const PROMETHEUS_FOLDER = join(import.meta.dir, "../../ops/prometheus");

const rulesText = await readFile(join(PROMETHEUS_FOLDER, "alerts.yml"), "utf8");
export const casesText = await readFile(join(PROMETHEUS_FOLDER, "alerts.test.yml"), "utf8");

type Rules = { readonly groups: readonly { readonly rules: readonly Alert[] }[] };
type Cases = { readonly tests: readonly { readonly alert_rule_test: readonly Case[] }[] };

export const alerts = (Bun.YAML.parse(rulesText) as Rules).groups.flatMap((group) => group.rules);
export const cases = (Bun.YAML.parse(casesText) as Cases).tests.flatMap((each) => each.alert_rule_test);
