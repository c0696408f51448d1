import { describe, expect, test } from "bun:test";
import { preparePrometheus } from "../../scripts/prometheus.mjs";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { startLink } from "../support/link.ts";
import { startTestService } from "../support/service.ts";
import { alerts } from "./alert-files.ts";
import { dashboardQueries } from "./dashboard-files.ts";
import { startPrometheus } from "./prometheus.ts";

const program = preparePrometheus()?.prometheus;
const missing = program === undefined ? " (not run: it is not here, nor apt-get to get it with)" : "";
const WITHIN_MS = 20_000;

type Targets = { readonly activeTargets: readonly { readonly health: string; readonly lastError: string }[] };
type Rule = { readonly name: string; readonly health: string; readonly state: string };
type Rules = { readonly groups: readonly { readonly rules: readonly Rule[] }[] };

describe.skipIf(program === undefined)(`a Prometheus as compose starts it${missing}`, () => {
  test("reads our metrics, understands every rule and every panel, and notices that the broker is gone", async () => {
    await using broker = await startBroker();
    await using link = await startLink(broker);
    await using service = await startTestService({ mqtt: link.mqtt });
    await using prometheus = await startPrometheus(program ?? "", service.url);
    const rules = async () => (await prometheus.ask<Rules>("rules")).groups.flatMap((group) => group.rules);
    const stateOf = async (name: string) => (await rules()).find((rule) => rule.name === name)?.state;

    const health = async () => (await prometheus.ask<Targets>("targets")).activeTargets[0];
    await until("the service is scraped", async () => (await health())?.health === "up", WITHIN_MS);
    expect((await health())?.lastError).toBe("");

    await until(
      "all rules are read",
      async () => (await rules()).every(({ health: is }) => is === "ok"),
      WITHIN_MS,
    );
    expect((await rules()).map(({ name }) => name)).toEqual(alerts.map(({ alert }) => alert));
    for (const { expr } of dashboardQueries) await prometheus.ask("query", { query: expr });

    expect(await stateOf("IotsupportBrokerUnreachable")).toBe("inactive");
    await link.cut();
    await until(
      "the lost broker is noticed",
      async () => (await stateOf("IotsupportBrokerUnreachable")) === "pending",
      WITHIN_MS,
    );
    await link.restore();
    await until(
      "its return as well",
      async () => (await stateOf("IotsupportBrokerUnreachable")) === "inactive",
      WITHIN_MS,
    );
  });
});
