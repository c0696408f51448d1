import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What of a dashboard's JSON is looked at here. */
type Dashboard = {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly name: string; readonly target: Target }[] };
};

export type Panel = {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly targets?: readonly Target[];
};

type Target = { readonly refId: string; readonly expr: string };
type Variable = { readonly name: string; readonly type: string; readonly query: string };

export const GRAFANA_FOLDER = join(import.meta.dir, "../../ops/grafana");

export const dashboard = JSON.parse(
  await readFile(join(GRAFANA_FOLDER, "dashboards/iotsupport.json"), "utf8"),
) as Dashboard;

/** Everything that the dashboard asks Prometheus, with what Grafana puts in for its variables. */
export const dashboardQueries: readonly { readonly of: string; readonly expr: string }[] = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ refId, expr }) => ({ of: `the panel "${title}" (${refId})`, expr })),
  ),
  ...dashboard.annotations.list.map(({ name, target }) => ({ of: `the marks "${name}"`, expr: target.expr })),
].map(({ of, expr }) => ({
  of,
  expr: expr.replaceAll("$__rate_interval", "1m").replaceAll("$instance", ".*"),
}));
