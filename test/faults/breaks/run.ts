import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Break } from "./break.ts";
import { breaks } from "./breaks.ts";

// `npm run breaks -- [what its name or row is like]`: plants each fault in a copy of the project, and runs the row that has
// to notice. The row must hold without the fault, and the service must still work with it. Fails where one does not.

const PROJECT = join(import.meta.dir, "../../..");
const LEFT_OUT = new Set(["node_modules", ".git", "data"]);
const ROUNDS = 2;

type Verdict = "held" | "broken" | "not run" | "nothing";

const asked = process.argv[2] ?? "";
const chosen = breaks.filter(({ name, caughtBy }) => caughtBy === asked || name.includes(asked));
const folder = mkdtempSync(join(tmpdir(), "iotsupport-breaks-"));
const withoutFault = new Map<string, Promise<Verdict>>();
const counts = { caught: 0, missed: 0, "not run": 0 };
try {
  cpSync(PROJECT, folder, { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) });
  symlinkSync(join(PROJECT, "node_modules"), join(folder, "node_modules"));
  for (const each of chosen) {
    const { kind, why } = await outcomeOf(each);
    counts[kind]++;
    process.stdout.write(`${kind}: ${each.name} (${each.caughtBy}${why})\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(
  `breaks: ${counts.caught} caught, ${counts.missed} missed, ${counts["not run"]} not run\n`,
);
process.exitCode = counts.missed === 0 && chosen.length > 0 ? 0 : 1;

async function outcomeOf(each: Break): Promise<{ readonly kind: keyof typeof counts; readonly why: string }> {
  const key = `${each.caughtBy} ${each.rounds}`;
  const before = withoutFault.get(key) ?? verdictOf(each);
  withoutFault.set(key, before);
  if ((await before) === "not run") return { kind: "not run", why: " cannot run here" };
  if ((await before) !== "held") return { kind: "missed", why: `: ${await before} without it` };
  const path = join(folder, each.file);
  const text = readFileSync(path, "utf8");
  writeFileSync(
    path,
    text.replace(each.find, () => each.replace),
  );
  try {
    if (!(await works()))
      return { kind: "missed", why: ": nothing works with it, which any row would notice" };
    const verdict = await verdictOf(each);
    return verdict === "broken" ? { kind: "caught", why: "" } : { kind: "missed", why: `: ${verdict}` };
  } finally {
    writeFileSync(path, text);
  }
}

async function works(): Promise<boolean> {
  const child = Bun.spawn([process.execPath, "test/faults/breaks/smoke.ts"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "ignore"],
  });
  return (await child.exited) === 0;
}

async function verdictOf({ caughtBy, rounds = ROUNDS }: Break): Promise<Verdict> {
  const args = ["test/faults/run.ts", "--row", caughtBy, "--rounds", String(rounds)];
  const child = Bun.spawn([process.execPath, ...args], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  const text = await new Response(child.stdout).text();
  const [, held, broken, notRun] = /rows: (\d+) held, (\d+) broken, (\d+) not run/.exec(text) ?? [];
  if (broken === "1") return "broken";
  if (notRun === "1") return "not run";
  return held === "1" ? "held" : "nothing";
}
