/** One figure of a soak, what it had to be (null: it is only told), and whether it was. */
export interface Finding {
  readonly what: string;
  readonly found: string;
  readonly must: string | null;
  readonly holds: boolean;
}

export type Unit = "ms" | "s" | "MB" | "MB/h" | "/s" | "×" | "";

/** A figure that had to stay below, or at, `most`. */
export function atMost(what: string, value: number, most: number, unit: Unit): Finding {
  return { what, found: written(value, unit), must: `≤ ${written(most, unit)}`, holds: value <= most };
}

export function atLeast(what: string, value: number, least: number, unit: Unit): Finding {
  return { what, found: written(value, unit), must: `≥ ${written(least, unit)}`, holds: value >= least };
}

/** A number that had to be this one. */
export function exactly(what: string, value: number, must: number): Finding {
  return { what, found: written(value, ""), must: written(must, ""), holds: value === must };
}

/** A figure that is worth knowing. */
export function told(what: string, value: number, unit: Unit): Finding {
  return { what, found: written(value, unit), must: null, holds: true };
}

function written(value: number, unit: Unit): string {
  const digits = Math.abs(value) >= 100 || Number.isInteger(value) ? 0 : 2;
  return `${value.toLocaleString("en", { maximumFractionDigits: digits })}${unit === "" || unit === "×" ? unit : ` ${unit}`}`;
}
