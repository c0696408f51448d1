import { Stop } from "../scripts/cli.mjs";
import type { Newest, Word } from "./account.ts";
import type { Sample } from "./curve.ts";
import { type Fleet, hasNewest } from "./fleet.ts";
import type { ConvergenceView, FileView, ServiceView } from "./service-view.ts";

/** A look at the fleet from both sides. */
export interface Look {
  readonly devices: { readonly firmware: Counts; readonly config: Counts };
  /** Null where the service did not answer, or has no such firmware. */
  readonly service: {
    readonly firmware: Counts;
    readonly config: Counts;
    readonly convergence: ConvergenceView;
  } | null;
  /** Whether there is nothing left that a device would still fetch, or tell. */
  readonly isSettled: boolean;
}

/** Words by MAC, and how many of the devices have the newest. */
export interface Counts {
  readonly words: ReadonlyMap<string, Word>;
  readonly newest: number;
}

/** Of firmware; one that says what it runs is not done before it has said so. */
const done: readonly Word[] = ["running", "refused", "reverted", "looping"];
const doneWhereNotSaid: readonly Word[] = [...done, "fetched", "alive"];

/** Looks at a fleet again and again, and keeps how many had the newest firmware when. */
export class Watch {
  readonly samples: Sample[] = [];
  #newest: Newest | null = null;
  #wantedConfigs: ReadonlyMap<string, Newest> = new Map();

  constructor(
    private readonly fleet: Fleet,
    private readonly view: ServiceView,
    private readonly firmware: string,
    private readonly macPrefix: string,
    private readonly beganAt: number,
  ) {}

  /** Since it began. */
  get seconds(): number {
    return (Date.now() - this.beganAt) / 1_000;
  }

  async look(): Promise<Look> {
    const service = await this.#askService();
    const now = Date.now();
    const devices = { firmware: this.#saidOf("firmware", now), config: this.#saidOf("config", now) };
    this.samples.push({
      atMs: now - this.beganAt,
      byDevices: devices.firmware.newest,
      byService: service?.firmware.newest ?? null,
    });
    return { devices, service, isSettled: this.#isSettled(devices) };
  }

  #saidOf(file: "firmware" | "config", now: number): Counts {
    const newestFor = (mac: string) =>
      file === "firmware" ? this.#newest : (this.#wantedConfigs.get(mac) ?? null);
    const having = this.fleet.devices.filter((device) => {
      const newest = newestFor(device.traits.mac);
      return newest !== null && hasNewest(device[file], newest);
    });
    return { words: this.fleet.words(file, newestFor, now), newest: having.length };
  }

  async #askService(): Promise<Look["service"]> {
    try {
      const [newest, convergence, files] = await Promise.all([
        this.view.newest(this.firmware),
        this.view.convergence(this.firmware),
        this.view.files(this.macPrefix),
      ]);
      this.#newest = newest;
      const configs = [...files].flatMap(([mac, all]) =>
        all.filter((each) => isConfigOf(each, mac)).map((each) => [mac, each] as const),
      );
      this.#wantedConfigs = new Map(
        configs.map(([mac, file]) => [mac, { revision: file.wanted_revision, since: 0 }]),
      );
      const firmware = [...files].flatMap(([mac, all]) =>
        all.filter((each) => this.#isFirmware(each)).map((each) => [mac, each] as const),
      );
      return convergence && { firmware: countsOf(firmware), config: countsOf(configs), convergence };
    } catch (error) {
      if (error instanceof Stop) return null; // It may be back at the next look.
      throw error;
    }
  }

  #isFirmware({ topic, file }: FileView): boolean {
    return topic === "assets" && file === this.firmware;
  }

  #isSettled({ firmware, config }: Look["devices"]): boolean {
    const doors = new Map(this.fleet.devices.map(({ traits }) => [traits.mac, traits.door]));
    const isDone = ([mac, word]: [string, Word]) =>
      (doors.get(mac) === "arduino" ? done : doneWhereNotSaid).includes(word);
    return (
      config.newest === config.words.size && firmware.words.size > 0 && [...firmware.words].every(isDone)
    );
  }
}

function isConfigOf({ topic, file }: FileView, mac: string): boolean {
  return topic === "configs" && file === `${mac}.json`;
}

function countsOf(files: readonly (readonly [string, FileView])[]): Counts {
  const having = files.filter(
    ([, { revision, wanted_revision }]) => revision !== null && revision >= wanted_revision,
  );
  return { words: new Map(files.map(([mac, { state }]) => [mac, wordFor(state)])), newest: having.length };
}

/** What the service expects of a device that was not seen, and a device does not know of itself, is one to it. */
function wordFor(state: string): Word {
  return state === "waiting" || state === "told" || state === "silent" ? "behind" : (state as Word);
}
