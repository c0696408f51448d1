import { type Account, type Newest, type Word, wordOf } from "./account.ts";
import { Device, type Surroundings } from "./device.ts";
import type { Traits } from "./traits.ts";

/** Simulated devices, and what they say of themselves. */
export class Fleet {
  readonly devices: readonly Device[];

  constructor(traits: readonly Traits[], around: Surroundings) {
    this.devices = traits.map((each) => new Device(each, around));
  }

  /** Resolved once all that listen have subscribed. */
  async start(): Promise<void> {
    for (const device of this.devices) device.start();
    await Promise.all(this.devices.map(({ subscribed }) => subscribed.promise));
  }

  /** Each ends what is under way first; that is at once after a power cut. */
  async stop(): Promise<void> {
    await Promise.all(this.devices.map((device) => device.stop()));
  }

  get heard(): number {
    return this.devices.reduce((sum, { heard }) => sum + heard, 0);
  }

  /** What each says of its file, by its MAC. A device for which there is nothing says nothing. */
  words(
    file: "config" | "firmware",
    newestFor: (mac: string) => Newest | null,
    now: number,
  ): ReadonlyMap<string, Word> {
    const said = this.devices.flatMap((device): [string, Word][] => {
      const { mac } = device.traits;
      const newest = newestFor(mac);
      return newest === null ? [] : [[mac, wordOf(device[file], newest, device.lastAskedAt, now)]];
    });
    return new Map(said);
  }
}

export const hasNewest = ({ has }: Account, { revision }: Newest) => has !== null && has.revision >= revision;
