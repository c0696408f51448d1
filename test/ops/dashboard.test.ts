import { describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { dashboard, GRAFANA_FOLDER, type Panel } from "./dashboard-files.ts";

const WIDTH = 24;
const shown = dashboard.panels.filter(({ type }) => type !== "row");

describe("the dashboard", () => {
  test("has a name that links can rely on, and the schema of the Grafana that compose starts", () => {
    expect(dashboard.uid).toBe("iotsupport");
    expect(dashboard.schemaVersion).toBe(42);
  });

  test.each(shown)(
    "has a panel $title that says what it shows, from the data source that is chosen",
    (panel) => {
      expect(panel.description).toMatch(/./);
      expect(panel.datasource).toEqual({
        type: "prometheus",
        uid: expect.stringMatching(/^\$\{datasource\}$/),
      });
      expect(panel.targets?.length).toBeGreaterThan(0);
      for (const { expr } of panel.targets ?? []) expect(expr).toMatch(/instance=~"\$instance"|ALERTS\{/);
    },
  );

  test("gives each panel a place and an id of its own", () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const taken = dashboard.panels.flatMap(cellsOf);
    expect(new Set(taken).size).toBe(taken.length);
    for (const { gridPos } of dashboard.panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(WIDTH);
  });

  test("asks for a data source and the instances to look at, and for nothing else", () => {
    expect(dashboard.templating.list).toMatchObject([
      { name: "datasource", type: "datasource", query: "prometheus" },
      { name: "instance", type: "query", query: `label_values(up{job="iotsupport"}, instance)` },
    ]);
  });

  test("is found by the provisioning, from where compose mounts it, with data from Prometheus there", async () => {
    type Compose = { services: Record<string, { volumes: string[] }> };
    const compose = Bun.YAML.parse(await readFile("docker-compose.yml", "utf8")) as Compose;
    const [provider] = (await provisioned("dashboards/iotsupport.yml")).providers ?? [];
    expect(compose.services["grafana"]?.volumes).toContain(
      `./ops/grafana/dashboards:${provider?.options.path}:ro`,
    );
    const [source] = (await provisioned("datasources/prometheus.yml")).datasources ?? [];
    expect(source).toMatchObject({ type: "prometheus", url: "http://prometheus:9090", isDefault: true });
    expect(Object.keys(compose.services)).toContain("prometheus");
  });
});

function cellsOf({ gridPos: { x, y, w, h } }: Panel): string[] {
  return Array.from({ length: w * h }, (_, at) => `${x + (at % w)}/${y + Math.floor(at / w)}`);
}

type Provisioned = {
  readonly providers?: readonly { readonly options: { readonly path: string } }[];
  readonly datasources?: readonly Readonly<Record<string, unknown>>[];
};

async function provisioned(name: string): Promise<Provisioned> {
  return Bun.YAML.parse(await readFile(join(GRAFANA_FOLDER, "provisioning", name), "utf8")) as Provisioned;
}
