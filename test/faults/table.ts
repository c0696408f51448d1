import type { RowReport } from "../support/row.ts";

/** Every row of the table of faults, in its order. */
const ALL_ROWS: readonly string[] = [
  ...Array.from({ length: 25 }, (_, at) => `R${at + 1}`),
  ...Array.from({ length: 12 }, (_, at) => `A${at + 1}`),
  ...Array.from({ length: 7 }, (_, at) => `F${at + 1}`),
];

/** What became of each row, as a table: row, what was done and how often, what held. Those asked for, or all. */
export function faultTable(reports: readonly RowReport[], asked: readonly string[]): string {
  const lines = rowsOf(asked).map((id) =>
    lineOf(
      id,
      reports.filter((each) => each.id === id),
    ),
  );
  return ["| row | done | held | seconds |", "| --- | --- | --- | --- |", ...lines].join("\n");
}

/** How many rows held, were broken, and were not run, in one line. A row held if nothing of it is missing or broken. */
export function verdict(reports: readonly RowReport[], asked: readonly string[]): string {
  const counts = { held: 0, broken: 0, "not run": 0 };
  for (const id of rowsOf(asked)) counts[outcomeOf(reports.filter((each) => each.id === id))]++;
  return `rows: ${counts.held} held, ${counts.broken} broken, ${counts["not run"]} not run`;
}

function rowsOf(asked: readonly string[]): readonly string[] {
  return asked.length > 0 ? asked : ALL_ROWS;
}

function outcomeOf(parts: readonly RowReport[]): RowReport["outcome"] {
  if (parts.some(({ outcome }) => outcome === "broken")) return "broken";
  return parts.length === 0 || parts.some(({ outcome }) => outcome === "not run") ? "not run" : "held";
}

function lineOf(id: string, parts: readonly RowReport[]): string {
  const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
  return `| ${id} | ${doneIn(parts)} | ${parts.map(heldIn).join("<br>") || "not run"} | ${seconds.toFixed(1)} |`;
}

function doneIn(parts: readonly RowReport[]): string {
  const counts = new Map<string, number>();
  for (const [what, times] of parts.flatMap(({ did }) => Object.entries(did))) {
    counts.set(what, (counts.get(what) ?? 0) + times);
  }
  const ran = parts.filter(({ outcome }) => outcome !== "not run").length;
  const done = [...counts].map(([what, times]) => `${times.toLocaleString("en")} ${what}`);
  return done.join(", ") || `${ran} ${ran === 1 ? "case" : "cases"}`;
}

function heldIn({ outcome, promise, reason }: RowReport): string {
  if (outcome === "held") return promise;
  return `**${outcome}**: ${promise}: ${reason?.replaceAll("\n", "<br>").replaceAll("|", "\\|")}`;
}
