/** What is known of a device's comings. Times are milliseconds since 1970. */
export interface Comings {
  readonly lastSeenAt: number;
  /**
   * How long it has stayed away at the most, which fades in time; less than a minute: how long it has been here so far, at
   * its first visit. Null at its first request.
   */
  readonly longestAbsenceMs: number | null;
}

/** Requests closer to one another than this are one visit. */
const ONE_VISIT_MS = 60_000;
/** What an absence keeps of its weight with each visit, or minute of one: a device that was off for a month is missed sooner again. */
const FADING = 0.9;
/** A device that was here only once, and for less than a minute, may be one that comes once a day. */
const PATIENCE_BY_DEFAULT_MS = 25 * 60 * 60_000;
/** Nobody is missed sooner than this. */
const PATIENCE_AT_LEAST_MS = 10 * 60_000;

/** The same after a request at this time. A clock that was set back is followed, and says nothing of an absence. */
export function cameAt(before: Comings | null, at: number): Comings {
  if (before === null) return { lastSeenAt: at, longestAbsenceMs: null };
  const absenceMs = at - before.lastSeenAt;
  if (absenceMs < 0) return { ...before, lastSeenAt: at };
  const longestMs = before.longestAbsenceMs ?? 0;
  const isFirstVisit = longestMs < ONE_VISIT_MS && absenceMs < ONE_VISIT_MS;
  // Who keeps coming for a minute is never away for longer, as far as it has shown.
  if (isFirstVisit)
    return { lastSeenAt: at, longestAbsenceMs: Math.min(longestMs + absenceMs, ONE_VISIT_MS) };
  const fadedMs = longestMs * FADING ** Math.min(absenceMs / ONE_VISIT_MS, 1);
  return { lastSeenAt: at, longestAbsenceMs: Math.round(Math.max(absenceMs, fadedMs, ONE_VISIT_MS)) };
}

/** How long a device may stay away before its own rhythm does not explain it any more. */
export function patienceMs(longestAbsenceMs: number | null): number {
  if (longestAbsenceMs === null || longestAbsenceMs < ONE_VISIT_MS) return PATIENCE_BY_DEFAULT_MS;
  return Math.max(PATIENCE_AT_LEAST_MS, 3 * longestAbsenceMs);
}
