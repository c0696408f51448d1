import type { Finding } from "./finding.ts";

/** How much and how long. */
export interface SoakScale {
  /** S1: so many configs, saved so often in all. */
  readonly configs: number;
  readonly saves: number;
  /** S2: the configs of a large fleet. */
  readonly fleet: number;
  /** S3: announcements that wait for the broker. */
  readonly pending: number;
  /** S4: devices that hear of a change and fetch it, and how often. */
  readonly devices: number;
  readonly announcements: number;
  /** S5: how long it goes on. */
  readonly minutes: number;
  /** Of every random choice. */
  readonly seed: number;
}

/** A row of load and time. */
export interface SoakRow {
  readonly id: `S${number}`;
  /** A sentence that holds. */
  readonly promise: string;
  /** Does it, and says what was found. `say` tells how far it is. Throws where it cannot even be said. */
  readonly run: (scale: SoakScale, say: (text: string) => void) => Promise<readonly Finding[]>;
}
