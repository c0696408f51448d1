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
 * The samples as lines of text: one for each step of time, with a bar of those that say that they have it, and both
 * shares in per cent. The last line is the last sample.
 */
export function curveOf(samples: readonly Sample[], devices: number): string {
  const last = samples.at(-1);
  if (last === undefined) return "(nothing was seen)";
  const stepMs = stepFor(last.atMs);
  const rows = samples.filter(
    (each, at) => at === 0 || each === last || stepOf(each, stepMs) > stepOf(samples[at - 1] ?? each, stepMs),
  );
  const head = `${"seconds".padStart(8)}  ${"".padEnd(BAR_WIDTH)}  devices  service`;
  return [head, ...rows.map((each) => rowOf(each, devices))].join("\n");
}

const stepOf = ({ atMs }: Sample, stepMs: number) => Math.floor(atMs / stepMs);

/** A round number of seconds, so that there are no more rows than fit on a screen. */
function stepFor(wholeMs: number): number {
  const steps = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600].map((seconds) => seconds * 1_000);
  return steps.find((step) => wholeMs / step <= MOST_ROWS) ?? Math.ceil(wholeMs / MOST_ROWS);
}

function rowOf({ atMs, byDevices, byService }: Sample, devices: number): string {
  const seconds = (atMs / 1_000).toFixed(1).padStart(8);
  const bar = "█".repeat(Math.round((byDevices / devices) * BAR_WIDTH)).padEnd(BAR_WIDTH, "·");
  const share = (n: number | null) => (n === null ? "-" : `${((n / devices) * 100).toFixed(1)} %`);
  return `${seconds}  ${bar}  ${share(byDevices).padStart(7)}  ${share(byService).padStart(7)}`;
}
