/** How many devices have a file's newest revision, by their own word and by the service's, at a time. */
export interface Sample {
  readonly atMs: number;
  readonly byDevices: number;
  /** Null where the service did not say. */
  readonly byService: number | null;
}

const MOST_ROWS = 24;
const BAR_WIDTH = 40;

/**
 * The samples as lines of text, with a bar of those that say that they have it, and both shares in per cent: one for each
 * step of time in which something changed, in steps so fine that they still fit on a screen. The last line is the last
 * sample.
 */
export function curveOf(samples: readonly Sample[], devices: number): string {
  if (samples.length === 0) return "(nothing was seen)";
  const inSteps = STEPS_SECONDS.map((seconds) => rowsOf(samples, seconds * 1_000));
  const rows = inSteps.find(({ length }) => length <= MOST_ROWS) ?? inSteps.at(-1) ?? [];
  const head = `${"seconds".padStart(8)}  ${"".padEnd(BAR_WIDTH)}  devices  service`;
  return [head, ...rows.map((each) => rowOf(each, devices))].join("\n");
}

const STEPS_SECONDS = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 3_600, 86_400];

function rowsOf(samples: readonly Sample[], stepMs: number): readonly Sample[] {
  const rows: Sample[] = [];
  for (const [at, sample] of samples.entries()) {
    const last = rows.at(-1);
    const isNew = last === undefined || Math.floor(sample.atMs / stepMs) > Math.floor(last.atMs / stepMs);
    const hasChanged = sample.byDevices !== last?.byDevices || sample.byService !== last.byService;
    if ((isNew && hasChanged) || at === samples.length - 1) rows.push(sample);
  }
  return rows;
}

function rowOf({ atMs, byDevices, byService }: Sample, devices: number): string {
  const seconds = (atMs / 1_000).toFixed(1).padStart(8);
  const bar = "█".repeat(Math.round((byDevices / devices) * BAR_WIDTH)).padEnd(BAR_WIDTH, "·");
  const share = (n: number | null) => (n === null ? "-" : `${((n / devices) * 100).toFixed(1)} %`);
  return `${seconds}  ${bar}  ${share(byDevices).padStart(7)}  ${share(byService).padStart(7)}`;
}
