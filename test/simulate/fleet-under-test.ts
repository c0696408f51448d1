import type { Account, Newest, Word } from "../../simulate/account.ts";
import { esp32Image } from "../../simulate/esp-image.ts";
import { Fleet } from "../../simulate/fleet.ts";
import { saveConfigs } from "../../simulate/make.ts";
import { Random } from "../../simulate/random.ts";
import { type ConvergenceView, ServiceView } from "../../simulate/service-view.ts";
import { drawDevices, macPrefix, type Rhythm, type Shares, type Traits } from "../../simulate/traits.ts";
import type { TestBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { ServiceClient } from "../support/service-client.ts";

export const FIRMWARE = "simulated.bin";
/** Far more than what is under way at a time, so that a line that breaks half-way shows. */
const PROGRAM_BYTES = 512 * 1024;
const RHYTHM: Rhythm = { lookEveryMs: [1_500, 3_000], spreadMs: 500, restartMs: 300 };
const SEED = 6;
/** Quick enough that what is in its buffer is a fraction of a second's work. */
const SLOW_BYTES_PER_SECOND = 128 * 1024;
const WITHIN_MS = 60_000;

/** Simulated devices at a service under test, and what both say of them. */
export class FleetUnderTest implements AsyncDisposable {
  readonly fleet: Fleet;
  readonly view: ServiceView;
  readonly #powerCut = new AbortController();
  readonly #client: ServiceClient;

  constructor(
    url: string,
    broker: TestBroker,
    readonly devices: readonly Traits[],
  ) {
    this.view = new ServiceView(url);
    this.#client = new ServiceClient(url);
    this.fleet = new Fleet(devices, {
      url,
      broker: broker.device,
      firmware: FIRMWARE,
      chip: "ESP32-C3",
      rhythm: RHYTHM,
      random: new Random(SEED),
      powerCut: this.#powerCut.signal,
    });
  }

  get macs(): string[] {
    return this.devices.map(({ mac }) => mac);
  }

  /** The account that each keeps of its firmware. */
  get accounts(): ReadonlyMap<string, Account> {
    return new Map(this.fleet.devices.map(({ traits, firmware }) => [traits.mac, firmware]));
  }

  /** A new revision of the firmware and of each config. */
  async change(version: string): Promise<Newest> {
    const image = esp32Image({ version, programBytes: PROGRAM_BYTES, filling: `${version} ` });
    await this.#client.uploadAsset(FIRMWARE, image);
    await saveConfigs(this.view.url, this.macs, Number(version.split(".").at(-1)));
    return await this.newest();
  }

  /** Starts them, lets all have a first revision, and makes the next. */
  async changeAfterAll(): Promise<Newest> {
    const first = await this.change("1.0.1");
    await this.fleet.start();
    await this.settled(first);
    return await this.change("1.0.2");
  }

  async newest(): Promise<Newest> {
    const newest = await this.view.newest(FIRMWARE);
    if (newest === null) throw new Error(`there is no ${FIRMWARE}`);
    return newest;
  }

  async convergence(file = FIRMWARE): Promise<ConvergenceView> {
    const query = `topic=${file === FIRMWARE ? "assets" : "configs"}&file=${file}`;
    const response = await this.#client.request("GET", `/api/convergence?${query}`);
    return JSON.parse(await response.text());
  }

  words(newest: Newest): ReadonlyMap<string, Word> {
    return this.fleet.words("firmware", () => newest, Date.now());
  }

  /** Those that have not had every byte of it, by their own account. */
  behind({ revision }: Newest): readonly string[] {
    return [...this.accounts].filter(([, { has }]) => (has?.revision ?? 0) < revision).map(([mac]) => mac);
  }

  /** Waits until each has what it can have, and has said what it runs if it is one that does. */
  async settled(newest: Newest): Promise<void> {
    const doors = new Map(this.devices.map(({ mac, door }) => [mac, door]));
    const isDone = ([mac, word]: [string, Word]) =>
      ["running", "refused", "reverted", "looping"].includes(word) ||
      (doors.get(mac) !== "arduino" && ["fetched", "alive"].includes(word));
    await until(
      "all devices have caught up",
      () => [...this.words(newest)].every(isDone) && this.#haveConfigs(newest),
      WITHIN_MS,
    );
  }

  /** One device without its line or power for good. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#powerCut.abort();
    await this.fleet.stop();
  }

  #haveConfigs({ revision }: Newest): boolean {
    return this.fleet.devices.every(({ config }) => (config.has?.revision ?? 0) >= revision);
  }
}

/** Each kind of device is among them. */
export function mixedDevices(count: number, shares: Shares): readonly Traits[] {
  return drawDevices(count, shares, RHYTHM, new Random(SEED)).map((traits) => ({
    ...traits,
    bytesPerSecond: traits.bytesPerSecond === null ? null : SLOW_BYTES_PER_SECOND,
  }));
}

export const macsBeginWith = macPrefix(SEED);

/** How many devices are in each state, as a device can know it: who waits for news does not know of it. */
export function countsOf(words: Iterable<Word>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

/** The same of the service's counts. */
export function countsIn({ states }: ConvergenceView): Record<string, number> {
  const { waiting = 0, told = 0, silent = 0, ...others } = states;
  const behind = waiting + told + silent;
  return behind === 0 ? others : { ...others, behind };
}
