import type { Random } from "./random.ts";

/** How a device asks for its firmware. */
type Door = "arduino" | "plain" | "ranges";

/** What makes a device the one that it is. */
export interface Traits {
  readonly mac: string;
  readonly door: Door;
  /** Hears no announcements: it wakes by its own rhythm, looks, and sleeps again. */
  readonly isSleeper: boolean;
  /** How often its line breaks in the middle of an update before it holds once. */
  readonly breaks: number;
  /** How fast it reads; null: as fast as it comes. */
  readonly bytesPerSecond: number | null;
  /** What is wrong with its firmware: it goes back to what it ran before, at each update; or it is another chip's. */
  readonly wrong: "older" | "chip" | null;
  /** How often it looks by itself. */
  readonly lookEveryMs: number;
}

/** Which share of the devices, from 0 to 1, sleeps, loses its line, is slow, and has wrong firmware. */
export interface Shares {
  readonly sleeping: number;
  readonly lossy: number;
  readonly slow: number;
  readonly wrong: number;
}

/** The times that devices draw theirs from, in milliseconds. */
export interface Rhythm {
  readonly lookEveryMs: readonly [least: number, most: number];
  /** Who hears of what many devices share waits up to so long before it asks. */
  readonly spreadMs: number;
  /** From the end of a download until the new program runs. */
  readonly restartMs: number;
}

const SLOW_BYTES_PER_SECOND = [40_000, 120_000] as const;
const MOST_BREAKS = 2;
const DOORS = ["arduino", "plain", "ranges"] as const;

/** Devices with these shares of them as exact as whole devices can be. The same seed gives the same devices. */
export function drawDevices(count: number, shares: Shares, rhythm: Rhythm, random: Random): Traits[] {
  const every = Array.from({ length: count }, (_, at) => at);
  const share = (part: number) => new Set(shuffled(every, random).slice(0, Math.round(part * count)));
  const [sleeping, lossy, slow] = [share(shares.sleeping), share(shares.lossy), share(shares.slow)];
  const wrong = [...share(shares.wrong)];
  return every.map((at) => {
    const atWrong = wrong.indexOf(at);
    return {
      mac: macOf(random.seed, at),
      // What runs is told by Arduino's updaters alone.
      door: atWrong === -1 ? random.pick(DOORS) : "arduino",
      isSleeper: sleeping.has(at),
      breaks: lossy.has(at) ? random.int(1, MOST_BREAKS + 1) : 0,
      bytesPerSecond: slow.has(at) ? random.int(...SLOW_BYTES_PER_SECOND) : null,
      wrong: atWrong === -1 ? null : atWrong % 2 === 0 ? "older" : "chip",
      lookEveryMs: random.int(...rhythm.lookEveryMs),
    };
  });
}

/** Two fleets of other seeds meet in no device. The first byte marks an address that no maker has given out. */
export function macPrefix(seed: number): string {
  return `02-51-${hex(seed >> 8)}-${hex(seed)}`;
}

function macOf(seed: number, at: number): string {
  return `${macPrefix(seed)}-${hex(at >> 8)}-${hex(at)}`;
}

function hex(byte: number): string {
  return (byte & 0xff).toString(16).padStart(2, "0");
}

function shuffled(values: readonly number[], random: Random): number[] {
  const keyed = values.map((value) => [random.next(), value] as const);
  return keyed.sort(([a], [b]) => a - b).map(([, value]) => value);
}
