/**
 * What was seen of one device and one file. Times are milliseconds since 1970, positions count bytes. Nothing in here is
 * concluded: `grade` does that.
 */
export interface Evidence {
  /** The revision whose bytes the device asked for last, while it is not known to have them all. */
  readonly fetching: Fetching | null;
  /** The newest revision that it has been seen to have in full. */
  readonly fetched: Seen | null;
  /** What the device itself says that it runs. */
  readonly running: Running | null;
  /** What it was not given, or could not take. */
  readonly refused: (Seen & { readonly reason: string }) | null;
  /** Whether it is known by the address alone that the device it was seen of is this one. Nobody is told of a file for that. */
  readonly isGuessed: boolean;
  /** When it fetched `fetched.revision` whole, the last times first, as many as `LOOPING_TIMES`. */
  readonly wholeFetches: readonly number[];
}

interface Seen {
  readonly revision: number;
  readonly at: number;
}

/** The revision is null where what the device says is none that we know. */
interface Running {
  readonly revision: number | null;
  readonly at: number;
  readonly version: string;
}

interface Fetching {
  readonly revision: number;
  readonly since: number;
  /** When bytes of it were last seen to move. */
  readonly movedAt: number;
  readonly size: number;
  /** So many bytes from the beginning were sent, without a gap. */
  readonly sentTo: number;
  /** So many of these have certainly arrived. */
  readonly arrivedTo: number;
  /** Whether ranges were asked for, which alone show how far a device is. */
  readonly isInRanges: boolean;
  readonly isCutOff: boolean;
}

export const nothingSeen: Evidence = {
  fetching: null,
  fetched: null,
  running: null,
  refused: null,
  isGuessed: false,
  wholeFetches: [],
};

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Something that is seen of a device and a file, at a time. */
export type Sighting =
  | (Seen & {
      readonly kind: "asked";
      readonly size: number;
      /** The first and the last byte; null where the whole was asked for. */
      readonly range: Range | null;
    })
  | (Seen & { readonly kind: "moved" | "cutOff" | "has" })
  | (Seen & {
      readonly kind: "acknowledged";
      /** What has arrived: the first and the last byte; null: the whole. */
      readonly range: Range | null;
    })
  | (Seen & { readonly kind: "refused"; readonly reason: string })
  | (Running & { readonly kind: "runs" });

/** Three downloads of one revision within an hour are no accident. */
export const LOOPING_TIMES = 3;

/** Adds what is seen to what was seen before. Evidence only grows, or gives way to what is newer. */
export function observe(evidence: Evidence, sighting: Sighting): Evidence {
  switch (sighting.kind) {
    case "asked":
      return { ...evidence, fetching: asked(evidence.fetching, sighting) };
    case "has":
      return withFetched(evidence, { revision: sighting.revision, at: sighting.at });
    case "refused": {
      const { revision, at, reason } = sighting;
      return { ...evidence, refused: { revision, at, reason } };
    }
    case "runs": {
      const { revision, at, version } = sighting;
      return { ...evidence, running: { revision, at, version } };
    }
    case "acknowledged":
      return arrived(evidence, sighting);
    default:
      return progressed(evidence, sighting.kind, sighting);
  }
}

/** What becomes of a fetch that was seen to begin; of one that was not, nothing is known. */
function progressed(evidence: Evidence, kind: "moved" | "cutOff", { revision, at }: Seen): Evidence {
  const { fetching } = evidence;
  if (fetching?.revision !== revision) return evidence;
  const moved = { ...fetching, movedAt: at };
  return { ...evidence, fetching: kind === "moved" ? moved : { ...moved, isCutOff: true } };
}

/** A part counts only where all before it has arrived too. */
function arrived(
  evidence: Evidence,
  { revision, at, range }: Sighting & { readonly kind: "acknowledged" },
): Evidence {
  const { fetching } = evidence;
  if (fetching?.revision !== revision) return evidence;
  const { start, end } = range ?? { start: 0, end: fetching.size - 1 };
  const joins = start <= fetching.arrivedTo;
  const arrivedTo = joins ? Math.max(fetching.arrivedTo, end + 1) : fetching.arrivedTo;
  const moved = { ...fetching, movedAt: at, arrivedTo };
  return arrivedTo < fetching.size ? { ...evidence, fetching: moved } : fetchedWhole(evidence, moved);
}

function asked(
  before: Fetching | null,
  { revision, at, size, range }: Sighting & { readonly kind: "asked" },
): Fetching {
  const first = { revision, since: at, movedAt: at, size, isCutOff: false };
  if (range === null) return { ...first, sentTo: size, arrivedTo: 0, isInRanges: false };
  const { start, end } = range;
  // Who asks for the first part again has lost the others.
  const goesOn = before?.revision === revision && start > 0;
  const known = goesOn ? before : { ...first, sentTo: 0, arrivedTo: 0 };
  // A part that begins beyond what was sent says nothing of what lies before it.
  if (start > known.sentTo) return { ...known, movedAt: at, isInRanges: true, isCutOff: false };
  return {
    ...known,
    movedAt: at,
    sentTo: Math.max(known.sentTo, end + 1),
    arrivedTo: Math.max(known.arrivedTo, start),
    isInRanges: true,
    isCutOff: false,
  };
}

function fetchedWhole(evidence: Evidence, { revision, movedAt }: Fetching): Evidence {
  const seen = withFetched(evidence, { revision, at: movedAt });
  return { ...seen, wholeFetches: [movedAt, ...seen.wholeFetches].slice(0, LOOPING_TIMES) };
}

/** The first proof counts, so that `since` does not move on with each further one. */
function withFetched(evidence: Evidence, seen: Seen): Evidence {
  const { fetched, fetching } = evidence;
  const done = fetching !== null && fetching.revision <= seen.revision;
  const rest = { ...evidence, fetching: done ? null : fetching };
  if (fetched !== null && fetched.revision >= seen.revision) return rest;
  return { ...rest, fetched: seen, wholeFetches: [] };
}
