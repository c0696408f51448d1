import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT } from "./cli.mjs";
import { BUN } from "./dependencies.mjs";

/** Less than this, and the run has failed. */
export const LEAST_PERCENT = 95;

/** The lines of a file that do something: how many there are, and which of them no test came to. */
/** @typedef {{ lines: number, uncovered: Set<number> }} FileCoverage */

/** What one process came to of a file; how many lines it has is not known where it came to all. */
/** @typedef {{ path: string, lines: number | null, uncovered: number[] }} Report */

/** What `bun test` itself came to, in LCOV's form; and a line of JSON from each process that it started. */
export const OWN_REPORT = "lcov.info";
export const CHILDREN_REPORT = "children.jsonl";

/**
 * What the tests came to of `src`, by path. A file that none of them loaded counts with all its lines: so does what runs
 * in a thread of its own, where nothing is measured.
 *
 * @param {string} folder where both reports are
 * @returns {Map<string, FileCoverage>}
 */
export function measureCoverage(folder) {
  const reports = [
    ...readLcov(readReport(join(folder, OWN_REPORT))),
    ...readChildren(readReport(join(folder, CHILDREN_REPORT))),
  ];
  const paths = sources();
  const typesAlone = withoutCode(paths.filter((path) => !reports.some((report) => report.path === path)));
  return new Map(paths.map((path) => [path, typesAlone.has(path) ? NOTHING : coverageOf(path, reports)]));
}

/**
 * The files that are not covered whole, and in the last line the whole.
 *
 * @param {Map<string, FileCoverage>} coverage
 */
export function tellCoverage(coverage) {
  const rows = [...coverage]
    .filter(([, { uncovered }]) => uncovered.size > 0)
    .map(
      ([path, { lines, uncovered }]) => `  ${path}  ${lines - uncovered.size}/${lines}  ${ranges(uncovered)}`,
    );
  const { lines } = total(coverage);
  return [...rows, `${percentOf(coverage).toFixed(2)} % of src's ${lines} lines are covered`].join("\n");
}

/** @param {Map<string, FileCoverage>} coverage */
export function percentOf(coverage) {
  const { lines, covered } = total(coverage);
  return (100 * covered) / lines;
}

/** @param {Map<string, FileCoverage>} coverage */
function total(coverage) {
  const files = [...coverage.values()];
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  return { lines, covered: files.reduce((sum, file) => sum - file.uncovered.size, lines) };
}

/** @returns {string[]} */
function sources() {
  return readdirSync(join(PROJECT, "src"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .map((name) => join("src", name))
    .sort();
}

/** @type {FileCoverage} */
const NOTHING = { lines: 0, uncovered: new Set() };

/**
 * A line is covered where one report has it so.
 *
 * @param {string} path
 * @param {Report[]} reports
 * @returns {FileCoverage}
 */
function coverageOf(path, reports) {
  const [first, ...others] = reports.filter((report) => report.path === path);
  const code = linesOfCode(path);
  if (first === undefined) return { lines: code.length, uncovered: new Set(code) };
  const uncovered = first.uncovered.filter((line) => others.every((other) => other.uncovered.includes(line)));
  const lines = Math.max(...[first, ...others].map((report) => report.lines ?? 0));
  return { lines: lines > 0 ? lines : code.length, uncovered: new Set(uncovered) };
}

/** All lines but the blank ones and comments. @param {string} path */
function linesOfCode(path) {
  const text = readFileSync(join(PROJECT, path), "utf8");
  return text.split("\n").flatMap((line, at) => (/^\s*(?:$|\/\/|\/?\*)/.test(line) ? [] : [at + 1]));
}

/** Those of which nothing is left to run: they hold types. @param {string[]} paths */
function withoutCode(paths) {
  const script = `
    const transpiler = new Bun.Transpiler({ loader: "ts" });
    for (const path of process.argv.slice(1)) {
      const code = transpiler.transformSync(await Bun.file(path).text());
      if (code.trim() === "") console.log(path);
    }`;
  const { stdout } = spawnSync(BUN, ["-e", script, ...paths], { cwd: PROJECT, encoding: "utf8" });
  return new Set(stdout.split("\n"));
}

/** @param {string} text @returns {Report[]} */
function readLcov(text) {
  return text.split("end_of_record").flatMap((record) => {
    const path = /^SF:(.*)$/m.exec(record)?.[1];
    const counts = [...record.matchAll(/^DA:(\d+),(\d+)/gm)].map(([, line, hits]) => [
      Number(line),
      Number(hits),
    ]);
    const uncovered = counts.filter(([, hits]) => hits === 0).map(([line = 0]) => line);
    return path === undefined ? [] : [{ path, lines: counts.length, uncovered }];
  });
}

/** @param {string} text @returns {Report[]} */
function readChildren(text) {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line) => JSON.parse(line));
}

/** @param {string} path */
function readReport(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // No test ran, or none that starts a process.
  }
}

/** @param {Set<number>} lines as `3-5, 9` */
function ranges(lines) {
  /** @type {[number, number][]} */
  const found = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (last !== undefined && last[1] === line - 1) last[1] = line;
    else found.push([line, line]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}
