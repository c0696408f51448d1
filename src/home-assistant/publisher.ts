import type { Broker, Publication, PublishOutcome } from "../announcements/index.ts";
import type { Images } from "../images/index.ts";
import type { Log } from "../ops/index.ts";
import type { Published, Store } from "../store/index.ts";
import { differencesOf, type Step } from "./differences.ts";
import { type Entity, entityOf } from "./entity.ts";
import { Pending, type Taken } from "./pending.ts";
import {
  AVAILABILITY_TOPIC,
  birthTopic,
  INSTALL,
  INSTALL_TOPICS,
  MARK_PROBE,
  MARK_TOPIC,
  macOfInstall,
  OFFLINE,
  ONLINE,
} from "./topics.ts";
import { type DeviceView, updatesOf } from "./updates.ts";

const LOOK_EVERY_MS = 500;
/** So many devices at each look, or until so many messages went out, which bounds what Home Assistant is sent. */
const MOST_DEVICES = 512;
const MOST_MESSAGES = 256;
const AT_ONCE = 16;
const PUBLISH_DEADLINE_MS = 5_000;
const LAST_WORD_MS = 1_000;
/** Stands on no broker. */
const REFUSED_MARK = "refused";

export interface PublisherParts {
  readonly broker: Broker;
  readonly store: Store;
  readonly images: Images;
  /** Null where there is no such device, or nothing for it. */
  readonly view: (mac: string) => Promise<DeviceView | null>;
  /** Says that an announcement may be due. */
  readonly nudge: () => void;
  /** Of Home Assistant's discovery. */
  readonly prefix: string;
  readonly log: Log;
}

/** What the broker publishes for us when we are gone. */
export const will: Publication = { topic: AVAILABILITY_TOPIC, payload: OFFLINE, isRetained: true };

/**
 * Shows Home Assistant an update entity for each device and file, and takes it back when either is gone. It looks at what
 * changed at its own pace, publishes what differs from what was last shown, and notes that once the broker has it: what a
 * broken connection or a crash loses is shown at the next look.
 */
export class Publisher {
  readonly #pending: Pending;
  /** Devices of which all that was shown is to be taken back first: what they were seen to have is forgotten. */
  readonly #forgotten = new Set<string>();
  #isRefused = false;
  #markOfBroker: string | null = null;
  /** Since the look began. */
  #messages = 0;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #stopping = false;

  constructor(private readonly parts: PublisherParts) {
    this.#pending = new Pending(parts.store.fleet, parts.store.published);
  }

  /** Begins; the broker may be connected later. */
  start(): void {
    const { broker, store, prefix } = this.parts;
    broker.subscribe([birthTopic(prefix), INSTALL_TOPICS, MARK_TOPIC], (topic, payload, isRetained) =>
      this.#heard(topic, payload, isRetained),
    );
    broker.onConnect(() => {
      this.#markOfBroker = null;
      void this.#publish({ ...will, payload: ONLINE });
      void this.#publish({ topic: MARK_TOPIC, payload: MARK_PROBE });
    });
    store.onChange((file) => this.#pending.addFile(file));
    store.onDevices(({ macs, areForgotten }) => {
      this.#pending.add(macs);
      if (areForgotten) for (const mac of macs) this.#forgotten.add(mac);
    });
    this.#pending.addAll(false); // What changed while we were away.
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look().finally(() => {
        this.#looking = null;
      });
    }, LOOK_EVERY_MS);
  }

  /** Says that we are not there any more, and ends. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#looking;
    await this.parts.broker.publish(will, LAST_WORD_MS);
  }

  #heard(topic: string, payload: string, isRetained: boolean): void {
    // One that is retained tells nothing new: what we have shown is retained there, too.
    if (topic === birthTopic(this.parts.prefix) && payload === ONLINE && !isRetained)
      this.#pending.addAll(true);
    if (topic === MARK_TOPIC && isRetained) this.#markOfBroker = payload;
    if (topic === MARK_TOPIC && payload === MARK_PROBE) void this.#compareMarks(this.#markOfBroker);
    const mac = macOfInstall(topic);
    if (mac !== null && payload === INSTALL && !isRetained) void this.#install(mac);
  }

  /** A broker that was restarted, or killed, may have lost some of what it was given, or all. */
  async #compareMarks(markOfBroker: string | null): Promise<void> {
    const { store, log } = this.parts;
    try {
      if (markOfBroker === (await store.published.readMark())) return;
    } catch (error) {
      log.warn({ err: error }, "what Home Assistant was shown could not be read; showing it again");
    }
    this.#pending.addAll(true);
  }

  /** A nudge: whether the device then installs anything is its own affair. */
  async #install(mac: string): Promise<void> {
    const { store, nudge, log } = this.parts;
    try {
      await store.fleet.announceAllTo(mac);
      nudge();
    } catch (error) {
      log.warn({ err: error, mac }, "what Home Assistant asked for could not be done");
    }
  }

  async #look(): Promise<void> {
    const { broker, log } = this.parts;
    if (!broker.connected) return;
    let taken: readonly Taken[] = [];
    this.#messages = 0;
    try {
      for (let looked = 0; looked < MOST_DEVICES && this.#messages < MOST_MESSAGES; looked += taken.length) {
        taken = this.#stopping ? [] : await this.#pending.take(AT_ONCE);
        if (taken.length === 0) return;
        await this.#showAll(taken);
      }
    } catch (error) {
      this.#pending.add(taken.map(({ mac }) => mac));
      log.warn({ err: error }, "Home Assistant could not be shown what changed; trying again");
    }
  }

  async #showAll(taken: readonly Taken[]): Promise<void> {
    const { store } = this.parts;
    const outcomes = await Promise.all(taken.map((each) => this.#show(each)));
    const shown = outcomes.flatMap((outcome) => outcome.shown);
    const gone = outcomes.flatMap((outcome) => outcome.gone);
    this.#pending.add(taken.filter((_, index) => outcomes[index]?.isLost).map(({ mac }) => mac));
    if (shown.length + gone.length === 0) return;
    const mark = crypto.randomUUID();
    const outcome = await this.#publish({ topic: MARK_TOPIC, payload: mark, isRetained: true });
    if (outcome === "lost") this.#pending.add(taken.map(({ mac }) => mac));
    else await store.published.notePublished(shown, gone, outcome === "acknowledged" ? mark : REFUSED_MARK);
  }

  /** Publishes what differs from what was shown. */
  async #show({ mac, isAgain }: Taken): Promise<Shown> {
    const isForgotten = this.#forgotten.delete(mac);
    const entities = await this.#entitiesOf(mac);
    const before = await this.parts.store.published.listPublished(mac);
    const differences = differencesOf(entities, before, { isAgain, isForgotten });
    const gone = await this.#carryOut(differences.gone);
    const shown = await this.#carryOut(differences.shown);
    const isLost = gone === null || shown === null;
    if (isLost && isForgotten) this.#forgotten.add(mac);
    return { gone: gone ?? [], shown: shown ?? [], isLost };
  }

  async #entitiesOf(mac: string): Promise<readonly Entity[]> {
    const { store, images, view, prefix } = this.parts;
    const seen = await view(mac);
    if (seen === null) return [];
    const updates = await updatesOf(store, images, seen);
    return updates.map((update) => entityOf(prefix, seen.device, update));
  }

  /** What the broker has taken of it; null where the connection was lost over it. */
  async #carryOut(steps: readonly Step[]): Promise<readonly Published[] | null> {
    const taken: Published[] = [];
    for (const { published, messages } of steps) {
      const outcomes = await Promise.all(messages.map((message) => this.#publish(message)));
      if (outcomes.includes("lost")) return null;
      if (!outcomes.includes("refused")) taken.push(published);
    }
    return taken;
  }

  async #publish(message: Publication): Promise<PublishOutcome> {
    const outcome = await this.parts.broker.publish(message, PUBLISH_DEADLINE_MS);
    if (outcome === "refused" && !this.#isRefused)
      this.parts.log.warn("the broker refuses what Home Assistant is to be shown: check its access control");
    if (outcome === "acknowledged" && this.#isRefused) this.#pending.addAll(false); // What was refused meanwhile.
    if (outcome !== "lost") this.#isRefused = outcome === "refused";
    this.#messages += 1;
    return outcome;
  }
}

/** What became of a device's entities. */
interface Shown {
  readonly shown: readonly Published[];
  readonly gone: readonly Published[];
  readonly isLost: boolean;
}
