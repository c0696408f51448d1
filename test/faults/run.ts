import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { RowReport } from "../support/row.ts";
import { faultTable, verdict } from "./table.ts";

const USAGE = `npm run faults -- [--row R5]… [--seed N] [--rounds N]

  Runs every row of the fault table in full: what must survive what, against real processes and a real broker.
  --row R5     this row alone; may be given again
  --seed N     with the random choices of an earlier run
  --rounds N   so many rounds of each row, instead of its own number`;

const FAILED = 1;
const WRONG_USE = 2;
const PROJECT = join(import.meta.dir, "../..");

const { rows, seed, rounds } = readArguments();
const folder = mkdtempSync(join(tmpdir(), "iotsupport-faults-"));
try {
  const path = join(folder, "report.jsonl");
  const only = rows.length > 0 ? ["-t", `^(${rows.join("|")}): `] : ["-t", "^[RAF]\\d+: "];
  const child = Bun.spawn([process.execPath, "test", "test/faults", "test/attacks", ...only], {
    cwd: PROJECT,
    env: {
      ...process.env,
      FAULTS_REPORT: path,
      ...(seed !== undefined && { FAULTS_SEED: seed }),
      ...(rounds !== undefined && { FAULTS_ROUNDS: rounds }),
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  await child.exited;
  const reports = existsSync(path) ? readReports(path) : [];
  process.stdout.write(`\n${faultTable(reports, rows)}\n\n${verdict(reports, rows)}\n`);
  process.exitCode = child.exitCode === 0 && reports.length > 0 ? 0 : FAILED;
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function readReports(path: string): RowReport[] {
  const reports = readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line): RowReport => JSON.parse(line));
  // A row that cannot run says so when its file is loaded, also where another row was asked for.
  return reports.filter(({ id }) => rows.length === 0 || rows.includes(id));
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        row: { type: "string", multiple: true, default: [] },
        seed: { type: "string" },
        rounds: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      process.stdout.write(`${USAGE}\n`);
      process.exit(0);
    }
    for (const row of values.row) if (!/^[RAF]\d+$/.test(row)) refuse(`--row ${row}: no such row`);
    for (const name of ["seed", "rounds"] as const) {
      if (!/^\d+$/.test(values[name] ?? "0")) refuse(`--${name} ${values[name]}: must be a whole number`);
    }
    return { rows: values.row, seed: values.seed, rounds: values.rounds };
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function refuse(reason: string): never {
  process.stderr.write(`${reason}\n\n${USAGE}\n`);
  process.exit(WRONG_USE);
}
