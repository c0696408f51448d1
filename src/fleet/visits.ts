/** What is known of a device's comings. Times are milliseconds since 1970. */
export interface Comings {
  readonly lastSeenAt: number;
  /** How long it has stayed away at the most; null until it has come back once. A long absence fades in time. */
  readonly longestAbsenceMs: number | null;
}

/** Requests closer to one another than this are one visit. */
const ONE_VISIT_MS = 60_000;
/** What an absence keeps of its weight with each visit: a device that was off for a month is missed sooner again. */
const FADING = 0.9;
/** A device that was here only once may be one that comes once a day. */
const PATIENCE_BY_DEFAULT_MS = 25 * 60 * 60_000;
/** Nobody is missed sooner than this. */
const PATIENCE_AT_LEAST_MS = 10 * 60_000;

/** The same after a request at this time. A clock that was set back makes no visit. */
export function cameAt(before: Comings | null, at: number): Comings {
  if (before === null) return { lastSeenAt: at, longestAbsenceMs: null };
  const absenceMs = at - before.lastSeenAt;
  if (absenceMs < ONE_VISIT_MS) return { ...before, lastSeenAt: Math.max(at, before.lastSeenAt) };
  const faded = (before.longestAbsenceMs ?? 0) * FADING;
  return { lastSeenAt: at, longestAbsenceMs: Math.round(Math.max(absenceMs, faded)) };
}

/** How long a device may stay away before its own rhythm does not explain it any more. */
export function patienceMs(longestAbsenceMs: number | null): number {
  if (longestAbsenceMs === null) return PATIENCE_BY_DEFAULT_MS;
  return Math.max(PATIENCE_AT_LEAST_MS, 3 * longestAbsenceMs);
}
