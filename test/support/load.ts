/** `count` MAC addresses, all different. */
export function macs(count: number): string[] {
  return Array.from({ length: count }, (_, index) =>
    index
      .toString(16)
      .padStart(12, "0")
      .replaceAll(/..(?!$)/g, "$&-"),
  );
}

/** Acts on each item, on so many at once; the first failure ends it. */
export async function atOnce<T>(
  connections: number,
  items: readonly T[],
  act: (item: T) => Promise<unknown>,
): Promise<void> {
  const waiting = items.values();
  const one = async () => {
    for (const item of waiting) await act(item);
  };
  await Promise.all(Array.from({ length: connections }, one));
}

/** How long each call took, in milliseconds, one after another. */
export async function timed<T>(items: readonly T[], act: (item: T) => Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  for (const item of items) {
    const start = performance.now();
    await act(item);
    took.push(performance.now() - start);
  }
  return took;
}

/** The same of two acts that take turns, so that what disturbs the one disturbs the other as well. */
export async function timedInTurns<T>(
  items: readonly T[],
  act: (item: T) => Promise<unknown>,
  other: (item: T) => Promise<unknown>,
): Promise<{ readonly act: number[]; readonly other: number[] }> {
  const took: { act: number[]; other: number[] } = { act: [], other: [] };
  for (const item of items) {
    took.act.push(...(await timed([item], act)));
    took.other.push(...(await timed([item], other)));
  }
  return took;
}

/** The value that so many of a hundred do not exceed. */
export function percentile(percent: number, values: readonly number[]): number {
  const at = Math.ceil((percent / 100) * values.length) - 1;
  return values.toSorted((a, b) => a - b)[at] ?? Number.NaN;
}
