import type { Log, Metrics } from "../ops/index.ts";
import type { FileKey, FleetStore } from "../store/index.ts";
import { Downloads, SMALL_BYTES } from "./downloads.ts";
import type { Sighting } from "./evidence.ts";
import { Gathering, type Subject } from "./gathering.ts";
import { keep } from "./keep.ts";
import type { Visit } from "./sightings.ts";
import type { Connection, Sent, SocketDiagnosis } from "./socket-diagnosis.ts";

/** A fetch as it was answered. */
export interface Fetch {
  readonly file: FileKey;
  /** Null where the request does not say who asks: it may be known by its address. */
  readonly mac: string | null;
  readonly revision: number;
  readonly status: 200 | 206 | 304;
  /** Of the whole file, in bytes. */
  readonly size: number;
  readonly range: { readonly start: number; readonly end: number } | null;
  readonly peer: Peer | null;
  /** Aborts where the asker hangs up before all was sent; null where that is not worth listening for. */
  readonly hangUp: AbortSignal | null;
}

/** Whoever is at the other end of a connection to us. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  readonly localPort: number;
}

export interface RecorderParts {
  readonly fleet: FleetStore;
  readonly diagnosis: SocketDiagnosis | null;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly now: () => Date;
  readonly maxUnknownDevices: number;
}

const KEEP_EVERY_MS = 1_000;
const MOST_STRANGERS = 20_000;
/** So many devices in a second leave tens of megabytes, which the engine by itself would be in no hurry to collect. */
const RUSH = 1_000;
/** With so few, nobody is held up by a collection, which takes some twenty milliseconds. */
const CALM = 20;

/**
 * Gathers what is seen of devices, and keeps it once a second. It never holds up a fetch, and a fetch never fails for it:
 * what is too much is dropped and counted, and a crash may lose the last second.
 */
export class Recorder {
  #gathering: Gathering;
  /** By MAC, the revision of its config that a device was seen to have since the last time all was kept. */
  readonly #shown = new Map<string, number>();
  readonly #downloads: Downloads<Subject & Pick<Fetch, "revision" | "range">>;
  /** Addresses that are no device's, or several devices': nothing can be kept of what comes from there. */
  readonly #strangers = new Set<string>();
  #timer: NodeJS.Timeout | null = null;
  /** Whether it is time to keep what was gathered. */
  #isDue = false;
  #isKeeping = false;
  #hasRushed = false;
  #keeping: Promise<void> = Promise.resolve();

  constructor(private readonly parts: RecorderParts) {
    this.#gathering = this.#empty();
    this.#downloads = new Downloads(
      (connection) => this.#ask(connection),
      () => this.parts.diagnosis?.closed() ?? [],
      ({ revision, range, ...subject }, progress) => {
        if (progress === "lost") return; // Later evidence may come; until then nothing is claimed.
        const at = this.#at();
        if (progress === "acknowledged") this.#showed(subject, revision);
        const seen = progress === "acknowledged" ? { kind: progress, range } : { kind: progress };
        this.#gathering.addSighting(subject, { ...seen, revision, at });
      },
      () => performance.now(),
    );
  }

  start(): void {
    this.#timer = setInterval(() => this.#keep(), KEEP_EVERY_MS);
  }

  /** Keeps what was gathered, and ends. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#downloads.stop();
    this.#keep();
    await this.#keeping;
  }

  /**
   * Whether a device was seen to have just this revision of its config a moment ago already, so that this fetch, which is
   * counted, says nothing new. It takes a hundredth of what `fetched` takes.
   */
  fetchedAgain(mac: string, revision: number, status: number): boolean {
    if (this.#shown.get(mac) !== revision) return false;
    this.#gathering.addFetch("configs", status);
    return true;
  }

  /** A file was answered to somebody. */
  fetched({ file, mac, peer, revision, status, size, range, hangUp }: Fetch): void {
    const at = this.#at();
    const address = peer?.address ?? null;
    this.#gathering.addFetch(file.kind, status);
    // Whoever has a config is one of ours. To fetch an asset, anybody may come under any MAC.
    if (mac !== null) this.visited({ mac, at, address, chip: null, isUnknown: file.kind === "assets" });
    if (mac === null && (address === null || this.#strangers.has(address))) return;
    const subject = { mac, address, file };
    if (status === 304) {
      this.#gathering.addSighting(subject, { kind: "has", revision, at });
      this.#showed(subject, revision);
      return;
    }
    this.#gathering.addSighting(subject, { kind: "asked", revision, at, size, range });
    hangUp?.addEventListener("abort", () => {
      this.#gathering.addSighting(subject, { kind: "cutOff", revision, at: this.#at() });
    });
    if (peer === null) return;
    const connection = { localPort: peer.localPort, remoteAddress: peer.address, remotePort: peer.port };
    const bytes = range === null ? size : range.end - range.start + 1;
    // Nothing of this answer is on its way yet: what the peer has acknowledged by now was of others.
    const acknowledgedBefore = bytes > SMALL_BYTES ? (this.#ask(connection)?.acknowledged ?? null) : null;
    const isWatched = this.#downloads.watch({
      subject: { ...subject, revision, range },
      connection,
      bytes,
      acknowledgedBefore,
    });
    if (!isWatched) this.parts.metrics.pickupsDropped.inc();
  }

  /** A device has asked for a config that there is not. */
  missed(mac: string, peer: Peer | null): void {
    this.visited({ mac, at: this.#at(), address: peer?.address ?? null, chip: null, isUnknown: true });
  }

  /** A device has shown itself. */
  visited(visit: Visit): void {
    if (visit.address !== null) this.#strangers.delete(visit.address);
    this.#gathering.addVisit(visit);
  }

  /** Something else was seen of a device and a file: what it says of itself, what it was refused, that it hung up. */
  saw(subject: Subject, sighting: Sighting): void {
    this.#gathering.addSighting(subject, sighting);
  }

  #showed({ mac, file }: Subject, revision: number): void {
    if (mac !== null && file.kind === "configs") this.#shown.set(mac, revision);
  }

  /** One at a time: each reads what the one before has written. What is seen meanwhile waits, in what bounds there are. */
  #keep(): void {
    this.#isDue = true;
    if (this.#isKeeping) return;
    this.#isKeeping = true;
    this.#keeping = this.#keepDue();
  }

  async #keepDue(): Promise<void> {
    while (this.#isDue) {
      this.#isDue = false;
      const gathering = this.#gathering;
      this.#gathering = this.#empty();
      this.#shown.clear();
      if (this.#strangers.size > MOST_STRANGERS) this.#strangers.clear();
      await this.#write(gathering);
      this.#hasRushed ||= gathering.visits.length >= RUSH;
    }
    if (this.#hasRushed && this.#gathering.visits.length < CALM) {
      this.#hasRushed = false;
      Bun.gc(true);
    }
    this.#isKeeping = false;
  }

  async #write(gathering: Gathering): Promise<void> {
    const { metrics, log } = this.parts;
    try {
      const { strangers, delaysMs } = await keep(this.parts, gathering, this.#at());
      const came = new Set(this.#gathering.visits.map(({ address }) => address)); // While that was written.
      for (const address of strangers) if (!came.has(address)) this.#strangers.add(address);
      for (const delayMs of delaysMs) metrics.pickupDelay.observe(Math.max(0, delayMs / 1000));
    } catch (error) {
      metrics.pickupsDropped.inc(gathering.gathered.length);
      log.warn({ err: error }, "what was seen of devices could not be kept");
    }
  }

  #ask(connection: Connection): Sent | null {
    return this.parts.diagnosis?.ask(connection) ?? null;
  }

  #at(): number {
    return this.parts.now().getTime();
  }

  #empty(): Gathering {
    return new Gathering(() => this.parts.metrics.pickupsDropped.inc());
  }
}
