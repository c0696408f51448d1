import type { Outcome } from "./outcome.ts";
import { tableOf } from "./table.ts";

/** The page that a whole run leaves behind. `machine` is told line by line. */
export function resultsPage(
  outcomes: readonly Outcome[],
  machine: readonly (readonly [name: string, what: string])[],
  rounds: number,
  date: Date,
): string {
  const lines = machine.map(([name, what]) => `| ${name} | ${what} |`);
  return `# Results

Written by \`npm run bench\` on ${date.toISOString().slice(0, 10)}, from ${rounds} rounds of each measure. [README.md](README.md) says how
each is taken, against whom, and what not to read into it.

![Each ratio to a peer as a dot, with its spread, between what it must and what is aimed for](results.svg)

${tableOf(outcomes)}

The ratio is ours ÷ theirs, the median of the rounds, each round's two figures taken one right after the other; a ratio of
times is better where it is smaller. The columns *ours* and *theirs* are medians of their own.

## The machine

| | |
| --- | --- |
${lines.join("\n")}

Servers and what loads them shared it. Figures of other machines will be others; the ratios should be much alike.
`;
}
