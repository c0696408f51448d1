// `npm run soak`: load and time. docs/testing.md tells of it.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { machine } from "../../bench/report/machine.ts";
import { runCommand, Stop, say, WRONG_USAGE } from "../../scripts/cli.mjs";
import { held, type SoakOutcome, soakPage, soakTable } from "./report.ts";
import { soakRows } from "./rows.ts";
import type { SoakRow, SoakScale } from "./soak-row.ts";

const USAGE = `npm run soak -- [--row S1]… [--minutes N] [--seed N]

  Load and time, in full: some 20 minutes for S1 to S4, and an hour for S5.
  --row S1      this row alone; may be given again
  --minutes N   so long for S5
  --seed N      with the random choices of an earlier run`;

const FULL: Omit<SoakScale, "minutes" | "seed"> = {
  configs: 10_000,
  saves: 1_000_000,
  fleet: 100_000,
  pending: 100_000,
  devices: 5_000,
  announcements: 10,
};
const RESULTS = join(import.meta.dir, "RESULTS.md");

await runCommand(async () => {
  const { rows, minutes, seed } = readArguments();
  const on = machine();
  const outcomes: SoakOutcome[] = [];
  for (const row of soakRows) {
    if (rows.length > 0 && !rows.includes(row.id)) continue;
    outcomes.push(await outcomeOf(row, { ...FULL, minutes, seed }));
    say(`${soakTable(outcomes.slice(-1))}\n`);
  }
  if (rows.length === 0) await Bun.write(RESULTS, soakPage(outcomes, on, { minutes, seed, now: new Date() }));
  return outcomes.every(held) ? 0 : 1;
});

async function outcomeOf(row: SoakRow, scale: SoakScale): Promise<SoakOutcome> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  try {
    const findings = await row.run(scale, (text) => process.stderr.write(`${row.id}: ${text}\n`));
    return { row, findings, trouble: null, seconds: seconds() };
  } catch (error) {
    const again = `to repeat it: npm run soak -- --row ${row.id} --minutes ${scale.minutes} --seed ${scale.seed}`;
    return {
      row,
      findings: [],
      trouble: `${error instanceof Error ? error.message : error}\n${again}`,
      seconds: seconds(),
    };
  }
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        row: { type: "string", multiple: true, default: [] },
        minutes: { type: "string", default: "60" },
        seed: { type: "string", default: String(crypto.getRandomValues(new Uint32Array(1))[0]) },
      },
    });
    const unknown = values.row.filter((id) => soakRows.every((row) => row.id !== id));
    if (unknown.length > 0) throw new Error(`--row ${unknown.join(", ")}: there are S1 to S5`);
    const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
    if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: must be a number above 0`);
    if (!Number.isInteger(seed)) throw new Error(`--seed ${values.seed}: must be a whole number`);
    return { rows: values.row, minutes, seed };
  } catch (error) {
    throw new Stop(`${error instanceof Error ? error.message : error}\n\n${USAGE}`, WRONG_USAGE);
  }
}
