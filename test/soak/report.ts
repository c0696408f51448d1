import type { Finding } from "./finding.ts";
import type { SoakRow } from "./soak-row.ts";

/** What became of a row: its findings, or why there are none. */
export interface SoakOutcome {
  readonly row: Pick<SoakRow, "id" | "promise">;
  readonly findings: readonly Finding[];
  /** What ended it early; null where nothing did. */
  readonly trouble: string | null;
  readonly seconds: number;
}

/** A row held if it came to its end and every figure is what it must be. */
export function held({ findings, trouble }: SoakOutcome): boolean {
  return trouble === null && findings.length > 0 && findings.every(({ holds }) => holds);
}

/** The page that keeps a whole run. */
export function soakPage(
  outcomes: readonly SoakOutcome[],
  machine: readonly (readonly [name: string, what: string])[],
  { minutes, seed, now }: { readonly minutes: number; readonly seed: number; readonly now: Date },
): string {
  const about = [...machine, ["S5 went on for", `${minutes} minutes`], ["seed", String(seed)]] as const;
  return [
    "# Results of `npm run soak`",
    `Taken on ${now.toISOString().slice(0, 10)}. [docs/testing.md](../../docs/testing.md) tells of the rows.`,
    soakTable(outcomes),
    ["| machine | |", "| --- | --- |", ...about.map(([name, what]) => `| ${name} | ${what} |`)].join("\n"),
  ]
    .join("\n\n")
    .concat("\n");
}

/** A table of each row's figures, in Markdown. */
export function soakTable(outcomes: readonly SoakOutcome[]): string {
  return outcomes.map(sectionOf).join("\n\n");
}

function sectionOf(outcome: SoakOutcome): string {
  const { row, findings, trouble, seconds } = outcome;
  const title = `**${row.id}** ${row.promise}: **${held(outcome) ? "held" : "broken"}** (${Math.round(seconds)} s)`;
  const lines = findings.map(
    ({ what, found, must, holds }) => `| ${what} | ${found} | ${must ?? "–"} | ${holds ? "" : "**no**"} |`,
  );
  const table = ["| figure | found | must | |", "| --- | --- | --- | --- |", ...lines].join("\n");
  return [title, ...(findings.length > 0 ? [table] : []), ...(trouble === null ? [] : [trouble])].join(
    "\n\n",
  );
}
