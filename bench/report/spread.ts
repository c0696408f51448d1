/** The middle of several figures, and how far they lie apart. */
export type Spread = { readonly median: number; readonly least: number; readonly most: number };

/** Of at least one figure. Between the two in the middle, where their number is even. */
export function spreadOf(figures: readonly number[]): Spread {
  const sorted = figures.toSorted((a, b) => a - b);
  const [least, most] = [sorted.at(0), sorted.at(-1)];
  if (least === undefined || most === undefined) throw new Error("no figures to take a median of");
  const middle = (sorted.length - 1) / 2;
  const [below = least, above = least] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return { median: (below + above) / 2, least, most };
}
