import type { Broker, Publication, PublishOutcome } from "../announcements/index.ts";
import type { Images } from "../images/index.ts";
import type { Log } from "../ops/index.ts";
import type { Published, Store } from "../store/index.ts";
import { type Differences, differencesOf, type Step } from "./differences.ts";
import { type Entity, entityOf } from "./entity.ts";
import { Mark } from "./mark.ts";
import { Pending, type Taken } from "./pending.ts";
import { Refusals } from "./refusals.ts";
import {
  AVAILABILITY_TOPIC,
  accessLineOf,
  birthTopic,
  INSTALL,
  INSTALL_TOPICS,
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
  readonly now: () => Date;
}

/** What the broker publishes for us when we are gone. */
export const will: Publication = { topic: AVAILABILITY_TOPIC, payload: OFFLINE, isRetained: true };

/**
 * Shows Home Assistant an update entity for each device and file, and takes it back when either is gone. It looks at what
 * changed at its own pace and publishes what differs from what was last shown. The store knows before each message that it
 * may arrive, and after it that it has: what a broken connection or a crash leaves open is shown at the next look.
 */
export class Publisher {
  readonly #pending: Pending;
  readonly #mark: Mark;
  readonly #refusals = new Refusals();
  /** Since the look began. */
  #messages = 0;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<void> | null = null;
  #stopping = false;

  constructor(private readonly parts: PublisherParts) {
    const { store, log } = parts;
    this.#pending = new Pending(store.fleet, store.published);
    this.#mark = new Mark({
      published: store.published,
      publish: (message) => this.#publish(message),
      lost: () => this.#pending.addAll(true),
      log,
    });
  }

  /** Begins; the broker may be connected later. */
  start(): void {
    const { broker, store, prefix } = this.parts;
    const topics = [birthTopic(prefix), INSTALL_TOPICS, MARK_TOPIC, AVAILABILITY_TOPIC];
    broker.subscribe(topics, (topic, payload, isRetained) => this.#heard(topic, payload, isRetained));
    broker.onConnect(() => {
      this.#sayWhetherThere();
      if (!this.#stopping) this.#mark.askBroker();
    });
    store.onChange((file) => this.#pending.addFile(file));
    store.onDevices(({ macs }) => this.#pending.add(macs));
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

  /** While we stop we are not, though other parts may connect once more. */
  #sayWhetherThere(): void {
    void this.#publish({ ...will, payload: this.#stopping ? OFFLINE : ONLINE });
  }

  #heard(topic: string, payload: string, isRetained: boolean): void {
    // One that is retained tells nothing new: what we have shown is retained there, too.
    if (topic === birthTopic(this.parts.prefix) && payload === ONLINE && !isRetained)
      this.#pending.addAll(true);
    if (topic === MARK_TOPIC) this.#mark.heard(payload, isRetained);
    // The will of a connection that we had before: a broker that did not see it break publishes it only now.
    if (topic === AVAILABILITY_TOPIC && payload === OFFLINE && !isRetained && !this.#stopping)
      this.#sayWhetherThere();
    const mac = macOfInstall(topic);
    if (mac !== null && payload === INSTALL && !isRetained) void this.#install(mac);
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
    const { broker, log, now } = this.parts;
    if (!broker.connected) return;
    if (this.#refusals.areOver(now().getTime())) this.#pending.addAll(false);
    let taken: readonly Taken[] = [];
    this.#messages = 0;
    try {
      for (let looked = 0; looked < MOST_DEVICES && this.#messages < MOST_MESSAGES; looked += taken.length) {
        if (this.#stopping) return;
        taken = await this.#pending.take(AT_ONCE);
        if (taken.length === 0 && !this.#mark.isDue) return;
        if (await this.#showAll(taken)) continue;
        this.#pending.putBack(taken);
        return;
      }
    } catch (error) {
      this.#pending.putBack(taken);
      this.#pending.addAll(false); // Also those that could not be taken.
      log.warn({ err: error }, "Home Assistant could not be shown what changed; trying again");
    }
  }

  /** Publishes what differs from what was shown, and notes it. False where the connection was lost over it. */
  async #showAll(taken: readonly Taken[]): Promise<boolean> {
    const differences = await Promise.all(taken.map((each) => this.#differencesOf(each)));
    const gone = await this.#carryOut(differences.flatMap((each) => each.gone));
    if (gone === null) return false;
    const shown = await this.#carryOut(differences.flatMap((each) => each.shown));
    if (shown === null) return false;
    if (gone.length + shown.length === 0 && !this.#mark.isDue) return true;
    return await this.#mark.note(shown, gone, !this.#pending.isShowingAgain);
  }

  async #differencesOf({ mac, isAgain }: Taken): Promise<Differences> {
    const entities = await this.#entitiesOf(mac);
    const before = await this.parts.store.published.listPublished(mac);
    return differencesOf(entities, before, isAgain);
  }

  async #entitiesOf(mac: string): Promise<readonly Entity[]> {
    const { store, images, view, prefix } = this.parts;
    const seen = await view(mac);
    if (seen === null) return [];
    const updates = await updatesOf(store, images, seen);
    return updates.map((update) => entityOf(prefix, seen.device, update));
  }

  /**
   * What the broker has taken of it; null where the connection was lost over it. From before then until it is noted how it
   * is, all that is known is that it may be as it was, or as it is to be.
   */
  async #carryOut(steps: readonly Step[]): Promise<readonly Published[] | null> {
    const unsure = steps.map((step) => step.unsure).filter((published) => published !== null);
    if (unsure.length > 0) await this.parts.store.published.notePublished(unsure, [], null);
    const outcomes = await Promise.all(
      steps.map(({ messages }) => Promise.all(messages.map((message) => this.#publish(message)))),
    );
    if (outcomes.flat().includes("lost")) return null;
    return steps
      .filter((_, index) => !outcomes[index]?.includes("refused"))
      .map(({ published }) => published);
  }

  async #publish(message: Publication): Promise<PublishOutcome> {
    const outcome = await this.parts.broker.publish(message, PUBLISH_DEADLINE_MS);
    const topics = accessLineOf(this.parts.prefix, message.topic);
    if (this.#refusals.isNews(topics, outcome))
      this.parts.log.warn(
        { topics },
        "the broker refuses what Home Assistant is to be shown: check its access control",
      );
    this.#messages += 1;
    return outcome;
  }
}
