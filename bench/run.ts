// `npm run bench`: every measure, side by side with its peers, in one table. bench/README.md tells how.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { runCommand, Stop, say, WRONG_USAGE } from "../scripts/cli.mjs";
import type { Scale } from "./measure.ts";
import { measures } from "./measures.ts";
import { machine } from "./report/machine.ts";
import type { Outcome } from "./report/outcome.ts";
import { pictureOf } from "./report/picture.ts";
import { resultsPage } from "./report/results.ts";
import { tableOf } from "./report/table.ts";
import { runMeasure } from "./run-measure.ts";

const FULL: Scale = {
  seconds: 4,
  starts: 10,
  announced: 2_000,
  waiting: 10_000,
  devices: 1_000,
  configs: 100_000,
  saves: 1_000_000,
};
const QUICK: Scale = {
  seconds: 1,
  starts: 3,
  announced: 300,
  waiting: 2_000,
  devices: 200,
  configs: 10_000,
  saves: 20_000,
};
const ROUNDS = 3;

await runCommand(async () => {
  const { names, rounds, isQuick } = readArguments();
  const isWhole = names.length === 0 && !isQuick;
  const on = machine();
  const outcomes: Outcome[] = [];
  for (const measure of measures) {
    if (names.length > 0 && !names.includes(measure.name)) continue;
    const began = performance.now();
    outcomes.push(...(await runMeasure(measure, isQuick ? QUICK : FULL, rounds)));
    say(`${measure.name}: ${Math.round((performance.now() - began) / 1000)} s`);
  }
  say(`\n${tableOf(outcomes)}`);
  if (isQuick) say("\nQuick: the loads are short and the fleets small, whatever the rows say.");
  if (isWhole) await keep(outcomes, on, rounds);
  return outcomes.every((each) => each.kind === "measured" && each.verdict !== "missed") ? 0 : 1;
});

async function keep(outcomes: readonly Outcome[], on: ReturnType<typeof machine>, rounds: number) {
  await Bun.write(join(import.meta.dir, "RESULTS.md"), resultsPage(outcomes, on, rounds, new Date()));
  await Bun.write(join(import.meta.dir, "results.svg"), pictureOf(outcomes));
  say("\nWritten to bench/RESULTS.md and bench/results.svg.");
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        measure: { type: "string", multiple: true, default: [] },
        rounds: { type: "string" },
        quick: { type: "boolean", default: false },
      },
    });
    const unknown = values.measure.filter((name) => measures.every((each) => each.name !== name));
    if (unknown.length > 0) throw new Error(`there is no measure ${unknown.join(", ")}`);
    const rounds = Number(values.rounds ?? (values.quick ? 1 : ROUNDS));
    if (!Number.isInteger(rounds) || rounds < 1)
      throw new Error(`--rounds ${values.rounds}: not a number above 0`);
    return { names: values.measure, rounds, isQuick: values.quick };
  } catch (error) {
    const names = measures.map(({ name }) => name).join(", ");
    const usage = `npm run bench -- [--measure NAME]… [--rounds N] [--quick]\nmeasures: ${names}`;
    throw new Stop(`${error instanceof Error ? error.message : error}\n${usage}`, WRONG_USAGE);
  }
}
