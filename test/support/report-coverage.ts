import { codeCoverageForFile } from "bun:jsc";
import { appendFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CHILDREN_REPORT } from "../../scripts/coverage.mjs";

// Preloaded into processes that tests start under `npm run coverage`.

declare module "bun:jsc" {
  /** A row of the table that `bun test --coverage` prints. Throws where the process has not loaded the file. */
  function codeCoverageForFile(path: string): string;
}

const PROJECT = join(import.meta.dir, "../..");
const { COVERAGE_FOLDER = "." } = process.env;

process.on("exit", () => {
  const names = readdirSync(join(PROJECT, "src"), { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => name.endsWith(".ts")).flatMap((name) => readRow(join("src", name)));
  appendFileSync(join(COVERAGE_FOLDER, CHILDREN_REPORT), `${JSON.stringify(files)}\n`);
});

function readRow(path: string) {
  const row = rowOf(join(PROJECT, path));
  if (row === null) return [];
  const [, , percent = "", ranges = ""] = row.split("|").map((cell) => cell.trim());
  const uncovered = ranges
    .split(",")
    .filter((range) => range !== "")
    .flatMap(linesIn);
  // The row does not say how many lines there are, but how many of a hundred are covered.
  const uncoveredShare = 1 - Number(percent) / 100;
  const lines = uncovered.length > 0 ? Math.round(uncovered.length / uncoveredShare) : null;
  return [{ path, lines, uncovered }];
}

function rowOf(path: string): string | null {
  try {
    return codeCoverageForFile(path);
  } catch {
    return null;
  }
}

/** `3-5` → 3, 4, 5 */
function linesIn(range: string): number[] {
  const [from = 0, to = from] = range.split("-").map(Number);
  return Array.from({ length: to - from + 1 }, (_, at) => from + at);
}
