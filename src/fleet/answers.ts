import * as v from "valibot";
import type { Convergence, Device, FileKey, WantedPickup } from "../store/index.ts";
import { states } from "./grade.ts";
import { evidenceOf, gradeOf } from "./sightings.ts";

const time = v.pipe(v.string(), v.isoTimestamp());
const whole = v.pipe(v.number(), v.integer());

const FileState = v.object({
  file: v.pipe(v.string(), v.description("As it is announced")),
  topic: v.picklist(["configs", "assets"]),
  wanted_revision: whole,
  state: v.picklist(states),
  percent: v.pipe(v.nullable(whole), v.description("Only where ranges show how much has arrived")),
  revision: v.pipe(v.nullable(whole), v.description("The newest one that the device was seen to have")),
  running: v.pipe(v.nullable(v.string()), v.description("What the device says that it runs")),
  guessed: v.pipe(
    v.boolean(),
    v.description("Whether it is known by its address alone that it was this device"),
  ),
  since: time,
});

export const DeviceAnswer = v.object({
  mac_address: v.string(),
  name: v.nullable(v.string()),
  model: v.nullable(v.string()),
  chip: v.nullable(v.string()),
  labels: v.record(v.string(), v.string()),
  address: v.nullable(v.string()),
  last_seen: v.nullable(time),
  rssi: v.pipe(v.nullable(whole), v.description("In dBm, as the device said at its last check-in")),
  free_heap: v.pipe(v.nullable(whole), v.description("In bytes, as the device said at its last check-in")),
  reported_at: v.pipe(v.nullable(time), v.description("When it said so")),
  configured: v.pipe(
    v.boolean(),
    v.description(
      "Whether it has a config, or was given a name: else it is anybody's word that there is such a device",
    ),
  ),
  files: v.array(FileState),
});

export const DeviceList = v.object({
  devices: v.array(DeviceAnswer),
  count: v.pipe(whole, v.description("How many are in this answer")),
  next_cursor: v.pipe(v.nullable(v.string()), v.description("Null at the end")),
});

export const ConvergenceAnswer = v.object({
  file: v.string(),
  topic: v.picklist(["configs", "assets"]),
  revision: whole,
  announced_at: v.nullable(time),
  devices: v.pipe(whole, v.description("How many have this file, or should")),
  states: v.pipe(v.record(v.string(), whole), v.description("How many devices are in each state")),
  seconds_to: v.pipe(
    v.object({ p50: v.nullable(v.number()), p90: v.nullable(v.number()), p99: v.nullable(v.number()) }),
    v.description("From the change to complete fetches, of those that were seen"),
  ),
  behind: v.pipe(
    v.array(v.string()),
    v.description("The first thousand that were not seen to have it, nor say that they run it"),
  ),
});

/** The one place where a device becomes snake_case. Each file is judged as of `now`. */
export function answerDevice(
  device: Device,
  pickups: readonly WantedPickup[],
  now: Date,
): v.InferOutput<typeof DeviceAnswer> {
  const { mac, name, model, chip, labels, address, lastSeenAt, isUnknown, telemetry } = device;
  return {
    mac_address: mac,
    name,
    model,
    chip,
    labels,
    address,
    last_seen: lastSeenAt === null ? null : new Date(lastSeenAt).toISOString(),
    rssi: telemetry?.rssi ?? null,
    free_heap: telemetry?.freeHeap ?? null,
    reported_at: telemetry === null ? null : new Date(telemetry.at).toISOString(),
    configured: !isUnknown,
    files: pickups.map((pickup) => answerFile(device, pickup, now)),
  };
}

function answerFile(device: Device, pickup: WantedPickup, now: Date): v.InferOutput<typeof FileState> {
  const evidence = evidenceOf(pickup);
  const { state, percent, since } = gradeOf(device, evidence, pickup, now.getTime());
  return {
    file: announcedName(pickup),
    topic: pickup.kind,
    wanted_revision: pickup.wantedRevision,
    state,
    percent,
    revision: evidence.fetched?.revision ?? null,
    running: evidence.running?.version ?? null,
    guessed: evidence.isGuessed,
    since: new Date(since).toISOString(),
  };
}

export function answerConvergence(
  file: FileKey,
  { revision, announcedAt, devices, states, delaysMs, behind }: Convergence,
): v.InferOutput<typeof ConvergenceAnswer> {
  const seconds = (percent: number) => {
    const delayMs = delaysMs[Math.ceil((percent / 100) * delaysMs.length) - 1];
    return delayMs === undefined ? null : delayMs / 1000;
  };
  return {
    file: announcedName(file),
    topic: file.kind,
    revision,
    announced_at: announcedAt === null ? null : new Date(announcedAt).toISOString(),
    devices,
    states: { ...states },
    seconds_to: { p50: seconds(50), p90: seconds(90), p99: seconds(99) },
    behind: [...behind],
  };
}

function announcedName({ kind, name }: FileKey): string {
  return kind === "configs" ? `${name}.json` : name;
}
