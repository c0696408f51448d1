/** A value at a time. */
export interface Sample {
  readonly hours: number;
  readonly value: number;
}

/** By how much a value grows in an hour, and by how much at least, with 97.5 % certainty. */
export interface Trend {
  readonly perHour: number;
  readonly atLeast: number;
}

/** Of the normal distribution: so wide is the middle 95 %. */
const WIDTH = 1.96;

/**
 * The trend of samples, by the median of the slopes between each two of them (Theil 1950, Sen 1968): a few that lie far
 * off do not move it. Where all may be chance, `atLeast` is below 0.
 */
export function trendOf(samples: readonly Sample[]): Trend {
  const slopes = samples
    .flatMap((a, at) => samples.slice(at + 1).map((b) => (b.value - a.value) / (b.hours - a.hours)))
    .toSorted((a, b) => a - b);
  const n = samples.length;
  const spread = WIDTH * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18); // Of Kendall's S, were there no trend.
  const lowest = Math.floor((slopes.length - spread) / 2); // Below 0 there are too few samples to be sure of any.
  return {
    perHour: slopes[Math.floor(slopes.length / 2)] ?? Number.NaN,
    atLeast: slopes[lowest] ?? Number.NEGATIVE_INFINITY,
  };
}
