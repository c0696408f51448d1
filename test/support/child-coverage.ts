import { join } from "node:path";

const { COVERAGE_FOLDER } = process.env;

/**
 * What a process that runs our sources is given in its environment, so that it tells at its end which lines it came to:
 * nothing but under `npm run coverage`.
 */
export const childCoverage: Readonly<Record<string, string>> =
  COVERAGE_FOLDER === undefined ? {} : reportingTo(COVERAGE_FOLDER);

export function reportingTo(folder: string): Readonly<Record<string, string>> {
  return {
    COVERAGE_FOLDER: folder,
    BUN_OPTIONS: `--preload=${join(import.meta.dir, "report-coverage.ts")}`,
    BUN_JSC_useControlFlowProfiler: "1", // What `bun test --coverage` measures with.
  };
}
