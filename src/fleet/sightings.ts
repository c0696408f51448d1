import type { Device, FileKey, NewPickup, Telemetry, Wanted, WantedPickup } from "../store/index.ts";
import { type Evidence, nothingSeen, observe, type Sighting } from "./evidence.ts";
import { type Grade, grade } from "./grade.ts";
import { cameAt, patienceMs } from "./visits.ts";

/** That a device was here. */
export interface Visit {
  readonly mac: string;
  readonly at: number;
  readonly address: string | null;
  readonly chip: string | null;
  /** Whether it shows nothing of our own doing, such as a config. */
  readonly isUnknown: boolean;
  /** Where it said something of itself. */
  readonly telemetry?: Telemetry;
}

/** What was seen of one device and one file since it was last kept. */
export interface Seen {
  readonly device: Device;
  readonly file: FileKey;
  readonly sightings: readonly Sighting[];
  /** Whether the device is known by its address alone. */
  readonly isGuessed: boolean;
}

/** The device after a visit; it is a new one where there was none before. */
export function afterVisit(known: Device | null, visit: Visit): Device {
  const before = known ?? newDevice(visit.mac);
  const { lastSeenAt, longestAbsenceMs } = before;
  const comings = cameAt(lastSeenAt === null ? null : { lastSeenAt, longestAbsenceMs }, visit.at);
  return {
    ...before,
    ...comings,
    patienceMs: patienceMs(comings.longestAbsenceMs),
    address: visit.address ?? before.address,
    chip: visit.chip ?? before.chip,
    telemetry: visit.telemetry ?? before.telemetry,
    isUnknown: before.isUnknown && visit.isUnknown,
  };
}

/** The pickup after what was seen of it, and how long after the change the whole of it was there, if it now is. */
export interface AfterSightings {
  readonly pickup: NewPickup;
  readonly delayMs: number | null;
}

/** `before` is null where the device had nothing to do with the file yet. */
export function afterSightings(
  before: WantedPickup | null,
  wanted: Wanted,
  seen: Seen,
  now: number,
): AfterSightings {
  const { device, file, sightings } = seen;
  const known = before === null ? null : evidenceOf(before);
  const isGuessed = seen.isGuessed && (known === null || known.isGuessed);
  const evidence = { ...sightings.reduce(observe, known ?? nothingSeen), isGuessed };
  const pickup = judged(device, file, evidence, wanted, now);
  const isNew =
    evidence.fetched?.revision === wanted.wantedRevision &&
    known?.fetched?.revision !== wanted.wantedRevision;
  return {
    pickup,
    delayMs: isNew && evidence.fetched !== null ? evidence.fetched.at - wanted.changedAt : null,
  };
}

/** A pickup as it is kept, with its grade as of now. */
export function judged(
  device: Device,
  file: FileKey,
  evidence: Evidence,
  wanted: Wanted,
  now: number,
): NewPickup {
  const { state, since, until } = gradeOf(device, evidence, wanted, now);
  return {
    mac: device.mac,
    kind: file.kind,
    name: file.name,
    evidence: JSON.stringify(evidence),
    fetchedRevision: evidence.fetched?.revision ?? null,
    fetchedAt: evidence.fetched?.at ?? null,
    state,
    since,
    until,
    judgedRevision: wanted.wantedRevision,
    givenRevision: evidence.isGuessed
      ? null
      : (evidence.fetching?.revision ?? evidence.fetched?.revision ?? null),
  };
}

export function gradeOf(
  { lastSeenAt, patienceMs }: Device,
  evidence: Evidence,
  wanted: Wanted,
  now: number,
): Grade {
  const { wantedRevision: revision, changedAt: since, announcedAt } = wanted;
  return grade(evidence, { revision, since, announcedAt }, { lastSeenAt, patienceMs }, now);
}

/** What was kept of it. The store gives back what it was given, so it is read without doubt. */
export function evidenceOf({ evidence }: Pick<NewPickup, "evidence">): Evidence {
  return (JSON.parse(evidence) as Evidence | null) ?? nothingSeen;
}

function newDevice(mac: string): Device {
  return {
    mac,
    name: null,
    model: null,
    chip: null,
    labels: {},
    address: null,
    lastSeenAt: null,
    longestAbsenceMs: null,
    patienceMs: 0,
    telemetry: null,
    isUnknown: true,
  };
}
