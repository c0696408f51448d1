import { Rest } from "../src/announcements/rest.ts";
import { retryDelayMs } from "../src/announcements/retry-delay.ts";
import { type Account, afterAsking, afterCut, afterUnchanged, afterWhole, nothingYet } from "./account.ts";
import { type BrokerAccount, Listener } from "./listener.ts";
import { factoryProgram, type Program } from "./program.ts";
import type { Random } from "./random.ts";
import { ask } from "./request.ts";
import type { Rhythm, Traits } from "./traits.ts";
import { type Update, updateByArduino, updateInRanges, updatePlainly } from "./update.ts";

/** What all devices of a fleet share. */
export interface Surroundings {
  readonly url: string;
  readonly broker: BrokerAccount;
  readonly firmware: string;
  /** Of the firmware; null where it does not say. */
  readonly chip: string | null;
  readonly rhythm: Rhythm;
  readonly random: Random;
  /** Ends all of them at once, whatever is under way. */
  readonly powerCut: AbortSignal;
}

/** By docs/devices.md. */
const BACKOFF = { firstMs: 1_000, mostMs: 300_000 };

const doors = { arduino: updateByArduino, plain: updatePlainly, ranges: updateInRanges };

/** A device as docs/devices.md has it: it listens, it looks by itself, and it keeps account of what it has. */
export class Device {
  config: Account = nothingYet;
  firmware: Account = nothingYet;
  /** When it asked the service for anything last, in milliseconds since 1970. */
  lastAskedAt = 0;
  /** How many of its updates were cut off. */
  cuts = 0;
  /** How many announcements reached it. */
  heard = 0;
  readonly subscribed = Promise.withResolvers<void>();
  #running: Program = factoryProgram;
  #configEtag: string | null = null;
  #breaksLeft: number;
  #due: { config: number; firmware: number } = { config: 0, firmware: 0 };
  #failures = 0;
  #isStopping = false;
  readonly #rest = new Rest();
  readonly #listener: Listener | null;
  #loop: Promise<void> = Promise.resolve();

  constructor(
    readonly traits: Traits,
    private readonly around: Surroundings,
  ) {
    const { mac, isSleeper, breaks } = traits;
    const tell = {
      heard: (filename: string) => this.#hear(filename),
      subscribed: () => this.#hasSubscribed(),
    };
    this.#breaksLeft = breaks;
    this.#listener = isSleeper ? null : new Listener(around.broker, mac, tell);
  }

  /** Also again after it was stopped: it still has what it had. */
  start(): void {
    this.#isStopping = false;
    this.#listener?.start();
    if (this.#listener === null) this.subscribed.resolve();
    const { spreadMs } = this.around.rhythm;
    this.#due = { config: this.#soon(spreadMs), firmware: this.#soon(spreadMs) };
    this.#loop = this.#run();
  }

  /** Ends what is under way first; that is at once after a power cut. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#rest.cut();
    await this.#loop;
    await this.#listener?.stop();
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      if (this.#due.config <= Date.now()) await this.#lookAtConfig();
      if (this.#due.firmware <= Date.now() && !this.#isStopping) await this.#lookAtFirmware();
      const nextAt = Math.min(this.#due.config, this.#due.firmware);
      if (!this.#isStopping) await this.#rest.atMost(Math.max(0, nextAt - Date.now()));
    }
  }

  #hear(filename: string): void {
    this.heard++;
    const { mac } = this.traits;
    if (filename === `${mac}.json`) this.#lookSooner("config", Date.now());
    if (filename === this.around.firmware)
      this.#lookSooner("firmware", this.#soon(this.around.rhythm.spreadMs));
  }

  /** Whoever was away may have missed something, also with a session. */
  #hasSubscribed(): void {
    this.subscribed.resolve();
    const { spreadMs } = this.around.rhythm;
    this.#lookSooner("config", this.#soon(spreadMs));
    this.#lookSooner("firmware", this.#soon(spreadMs));
  }

  #lookSooner(file: "config" | "firmware", at: number): void {
    this.#due[file] = Math.min(this.#due[file], at);
    this.#rest.cut();
  }

  async #lookAtConfig(): Promise<void> {
    this.#due.config = Date.now() + this.traits.lookEveryMs;
    const { mac, bytesPerSecond } = this.traits;
    const headers = this.#configEtag === null ? {} : { "If-None-Match": this.#configEtag };
    const url = new URL(`/api/configs/${mac}.json`, this.around.url);
    const line = { bytesPerSecond, breaksAt: null, powerCut: this.around.powerCut };
    const answer = await ask({ method: "GET", url, httpVersion: "1.1", headers }, line);
    const now = Date.now();
    if (answer !== null) this.lastAskedAt = now;
    const revision = Number(answer?.headers.get("x-revision"));
    if (answer?.status === 304) {
      this.config = afterUnchanged(this.config, revision, now);
    } else if (answer?.status === 200 && answer.isWhole) {
      this.#configEtag = answer.headers.get("etag") ?? null;
      this.config = afterWhole(this.config, revision, now);
    } else if (answer?.status !== 404) {
      this.#due.config = Date.now() + this.#retryMs();
      return;
    }
    this.#failures = 0;
  }

  async #lookAtFirmware(): Promise<void> {
    this.#due.firmware = Date.now() + this.traits.lookEveryMs;
    const { mac, door, bytesPerSecond, wrong } = this.traits;
    const { url, firmware, chip, powerCut } = this.around;
    const running = this.#running;
    const breaksAt = this.#breaksLeft > 0 ? this.#between(0.2, 0.6) : null;
    const began = (revision: number) => {
      this.#asked(running, door);
      this.firmware = afterAsking(this.firmware, revision, Date.now());
    };
    const line = { bytesPerSecond, breaksAt, powerCut };
    const named = wrong === "chip" ? anotherChip(chip) : chip;
    const update = await doors[door]({ url, firmware, mac, chip: named, running, line, began });
    this.#after(update, running);
  }

  #after(update: Update, ran: Program): void {
    const now = Date.now();
    const { door, lookEveryMs, breaks } = this.traits;
    switch (update.kind) {
      case "taken":
        this.firmware = afterWhole(this.firmware, update.program.revision ?? 0, now);
        this.#breaksLeft = breaks;
        // One that goes back to what it ran before does so while it starts.
        if (!this.#goesBack) this.#running = update.program;
        this.#due.firmware = now + (this.#goesBack ? lookEveryMs : this.around.rhythm.restartMs);
        break;
      case "unchanged":
        this.#asked(ran, door);
        this.firmware = afterUnchanged(this.firmware, update.revision, now);
        break;
      case "refused":
        this.#asked(ran, door);
        this.firmware = { ...this.firmware, refusedAt: now };
        break;
      case "cutOff":
        this.cuts++;
        this.#breaksLeft--;
        // Between two parts, nobody can tell a line that broke from a device that takes its time.
        if (door !== "ranges") this.firmware = afterCut(this.firmware, now);
        this.#due.firmware = now + this.#retryMs();
        return;
      case "noAnswer":
        this.#due.firmware = now + this.#retryMs();
        return;
      case "notThere":
        break;
    }
    this.#failures = 0;
  }

  get #goesBack(): boolean {
    return this.traits.wrong === "older" && this.#running.revision !== null;
  }

  /** The service was asked, and so was told what runs, by those who say that. */
  #asked(ran: Program, door: Traits["door"]): void {
    this.lastAskedAt = Date.now();
    if (door === "arduino") {
      this.firmware = { ...this.firmware, said: { revision: ran.revision, at: this.lastAskedAt } };
    }
  }

  #retryMs(): number {
    this.#failures++;
    return retryDelayMs(this.#failures, this.around.random.next(), BACKOFF);
  }

  #soon(spreadMs: number): number {
    return Date.now() + this.around.random.next() * spreadMs;
  }

  #between(least: number, most: number): number {
    return least + this.around.random.next() * (most - least);
  }
}

function anotherChip(chip: string | null): string {
  return chip === "ESP32-S3" ? "ESP32-C6" : "ESP32-S3";
}
