import type { Row } from "../measure.ts";
import type { Outcome } from "./outcome.ts";
import type { Spread } from "./spread.ts";

const HEAD = ["measure", "against", "ours", "theirs", "ratio (min–max)", "must", "aim", "verdict"];

/** The outcomes as a table in Markdown, its columns aligned so that it reads as well on a terminal. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const lines = [HEAD, ...outcomes.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(3, ...lines.map((cells) => (cells[column] ?? "").length)));
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => (cells[column] ?? "").padEnd(width)).join(" | ")} |`;
  const [head, ...body] = lines.map(line);
  return [head, line(widths.map((width) => "-".repeat(width))), ...body].join("\n");
}

function cellsOf(outcome: Outcome): string[] {
  const { row, kind } = outcome;
  const [must, aim] = [bound(row, row.goal.must), bound(row, row.goal.aim)];
  if (kind !== "measured")
    return [row.what, row.against, "", "", "", must, aim, `${kind}: ${outcome.reason}`];
  const { ours, peer, ratio, verdict } = outcome;
  const theirs = peer === null ? "–" : withUnit(row, peer.median);
  return [
    row.what,
    row.against,
    withUnit(row, ours.median),
    theirs,
    ratioText(row, ratio),
    must,
    aim,
    verdict,
  ];
}

function ratioText({ unit }: Row, { median, least, most }: Spread): string {
  const [middle, low, high] = [median, least, most].map((each) =>
    unit === "MB" ? figure(each) : ratio(each),
  );
  return `${middle} (${low}–${high})`;
}

function bound({ unit, goal: { better } }: Row, value: number): string {
  const sign = better === "more" ? "≥" : "≤";
  return unit === "MB" ? `${sign} ${value} MB` : `${sign} ${value}`;
}

function withUnit({ unit }: Row, value: number): string {
  return unit === "/s" ? `${figure(value)}/s` : `${figure(value)} ${unit}`;
}

function ratio(value: number): string {
  if (value < 0.1) return value.toPrecision(2);
  return value.toFixed(value < 10 ? 2 : 1);
}

/** Three digits say all that such a figure is good for. */
function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));
}
