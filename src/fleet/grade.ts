import { type Evidence, LOOPING_TIMES } from "./evidence.ts";

/**
 * How far a device is with a file's newest revision, by the evidence there is: `waiting` (its announcement is not out
 * yet) < `told` < `fetching` < `fetched` < `alive` (it came again later) < `running` (it says so itself). Against it:
 * `interrupted`, `refused`, `reverted` (it says that it runs an older one than it fetched), `looping` (it fetches it
 * again and again), `silent` (it stays away for longer than it ever does).
 */
export const states = [
  "waiting",
  "told",
  "fetching",
  "fetched",
  "alive",
  "running",
  "interrupted",
  "refused",
  "reverted",
  "looping",
  "silent",
] as const;
export type State = (typeof states)[number];

/** The revision that a device should have, since when, and since when everybody was told; null: not yet. */
export interface Wanted {
  readonly revision: number;
  readonly since: number;
  readonly announcedAt: number | null;
}

/** When a device was here last, and how long it may stay away before it is missed. */
export interface Visits {
  readonly lastSeenAt: number | null;
  readonly patienceMs: number;
}

export interface Grade {
  readonly state: State;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** How much of it has arrived, from 0 to 100; null where nothing shows that. */
  readonly percent: number | null;
  /** When the state changes though nothing is seen; null: never. */
  readonly until: number | null;
}

/** Twice the time after which a download that stands still is ended: who has not asked again has given up. */
const GIVEN_UP_MS = 240_000;
/** What comes sooner may still be a part of the fetch itself. */
const SETTLED_MS = 30_000;
const LOOPING_WITHIN_MS = 60 * 60_000;

/** Judges the evidence. Pure: the same evidence at the same time gives the same grade, also over a restart. */
export function grade(evidence: Evidence, wanted: Wanted, visits: Visits, now: number): Grade {
  return (
    looping(evidence, wanted, now) ??
    refused(evidence, wanted) ??
    reverted(evidence, wanted) ??
    running(evidence, wanted) ??
    alive(evidence, wanted, visits) ??
    silent(wanted, visits, now) ??
    untilMissed(fetched(evidence, wanted) ?? underway(evidence, wanted, now) ?? told(wanted), wanted, visits)
  );
}

function looping({ fetched, wholeFetches }: Evidence, { revision }: Wanted, now: number): Grade | null {
  const first = wholeFetches[LOOPING_TIMES - 1];
  if (first === undefined || fetched === null || fetched.revision < revision) return null;
  const [last = first] = wholeFetches;
  const until = last + LOOPING_WITHIN_MS;
  if (last - first > LOOPING_WITHIN_MS || now >= until) return null;
  return { state: "looping", since: last, percent: null, until };
}

function refused({ refused, fetched }: Evidence, { revision }: Wanted): Grade | null {
  if (refused?.revision !== revision || (fetched !== null && fetched.at > refused.at)) return null;
  return lasting("refused", refused.at);
}

function reverted({ running, fetched }: Evidence, { revision }: Wanted): Grade | null {
  if (running === null || fetched === null || running.revision === null) return null;
  if (fetched.revision < revision) return null;
  const isOlder = running.revision < fetched.revision && running.at > fetched.at;
  return isOlder ? lasting("reverted", running.at) : null;
}

function running({ running }: Evidence, { revision }: Wanted): Grade | null {
  const isCurrent = running !== null && running.revision !== null && running.revision >= revision;
  return isCurrent ? lasting("running", running.at) : null;
}

function alive({ fetched }: Evidence, { revision }: Wanted, { lastSeenAt }: Visits): Grade | null {
  if (fetched === null || fetched.revision < revision || lastSeenAt === null) return null;
  const settledAt = fetched.at + SETTLED_MS;
  return lastSeenAt >= settledAt ? lasting("alive", lastSeenAt) : null;
}

function silent(wanted: Wanted, visits: Visits, now: number): Grade | null {
  const missedAt = missedFrom(wanted, visits);
  return missedAt !== null && now >= missedAt ? lasting("silent", missedAt) : null;
}

function fetched({ fetched }: Evidence, { revision }: Wanted): Grade | null {
  return fetched !== null && fetched.revision >= revision ? lasting("fetched", fetched.at) : null;
}

function underway({ fetching }: Evidence, { revision }: Wanted, now: number): Grade | null {
  if (fetching === null || fetching.revision < revision) return null;
  const { since, movedAt, arrivedTo, size, isInRanges, isCutOff } = fetching;
  const percent = isInRanges && size > 0 ? Math.floor((arrivedTo / size) * 100) : null;
  const givenUpAt = isCutOff ? movedAt : movedAt + GIVEN_UP_MS;
  if (now >= givenUpAt) return { ...lasting("interrupted", givenUpAt), percent };
  return { state: "fetching", since, percent, until: givenUpAt };
}

function told({ announcedAt, since }: Wanted): Grade {
  return announcedAt === null ? lasting("waiting", since) : lasting("told", announcedAt);
}

/** A state that would last, but for the time at which the device will be missed. */
function untilMissed(grade: Grade, wanted: Wanted, visits: Visits): Grade {
  const missedAt = missedFrom(wanted, visits) ?? Number.POSITIVE_INFINITY;
  const until = Math.min(grade.until ?? Number.POSITIVE_INFINITY, missedAt);
  return { ...grade, until: until === Number.POSITIVE_INFINITY ? null : until };
}

/** From when on the device's absence needs an explanation: it is counted from its last visit, or from the change. */
function missedFrom({ since }: Wanted, { lastSeenAt, patienceMs }: Visits): number | null {
  return lastSeenAt === null ? null : Math.max(lastSeenAt, since) + patienceMs;
}

function lasting(state: State, since: number): Grade {
  return { state, since, percent: null, until: null };
}
