import { Fault } from "../fault.ts";
import type { Log, Metrics } from "../ops/index.ts";
import type { Announcement, Store } from "../store/index.ts";
import { Acknowledged, keyOf } from "./acknowledged.ts";
import type { Broker, PublishOutcome } from "./broker.ts";
import { Due } from "./due.ts";
import { deviceTopics, type Message, sharedTopics, type TopicPattern } from "./message.ts";
import { Rest } from "./rest.ts";
import { retryDelayMs } from "./retry-delay.ts";
import { type DeviceTopics, nextPart, type Part } from "./telling.ts";

/**
 * More would go out no faster, and hold up saves: what a round reads, publishes and settles is its own turn on each
 * thread.
 */
const IN_FLIGHT_MOST = 128;
/** A config has two messages: on the topic that all share, and on its device's own. */
const MOST_OF_A_CONFIG = 2;
/** With more on their way out of the outbox, no more are published. */
const UNSETTLED_MOST = 4 * IN_FLIGHT_MOST;
const PUBLISH_DEADLINE_MS = 5_000;
const POLL_MS = 1_000;
const DRAIN_MS = 5_000;
const AFTER_LOSS = { firstMs: 100, mostMs: 5_000 };
const AFTER_REFUSAL = { firstMs: 1_000, mostMs: 60_000 };

/**
 * Publishes what is in the outbox, and forgets it on PUBACK. It polls at its own pace: a change, a nudge or a connect
 * only ends a rest, so that a lost one costs a moment and never an announcement.
 */
export class Relay {
  readonly #idle = new Rest();
  readonly #retry = new Rest();
  #waking: NodeJS.Immediate | null = null;
  #stopping = false;
  #running: Promise<void> = Promise.resolve();
  readonly #acknowledged: Acknowledged;
  readonly #due: Due;
  /** How far those are that are told in parts. */
  #toldTo = new Map<string, string>();
  /** Topics of which the broker has refused the last announcement. */
  readonly #refused = new Set<TopicPattern>();

  constructor(
    private readonly store: Store,
    private readonly broker: Broker,
    private readonly metrics: Metrics,
    private readonly log: Log,
    private readonly now: () => Date,
    /** Null where all devices listen to the same topics. */
    private readonly topics: DeviceTopics | null,
  ) {
    this.#acknowledged = new Acknowledged(store, log);
    this.#due = new Due(store, this.#acknowledged);
    store.onChange((change) => {
      this.#due.hear(change);
      this.#wake();
    });
  }

  /** Why announcements wait, as far as is known: no connection, or topics that the broker refuses. */
  get trouble(): string | null {
    if (!this.broker.connected) return this.broker.trouble;
    if (this.#refused.size === 0) return null;
    return `refused: announcements on ${[...this.#refused].join(", ")}; check its access control`;
  }

  /** Begins. The promise settles only when the loop ends, and rejects where it could not go on. */
  start(): Promise<void> {
    this.broker.onConnect(() => {
      this.#due.lookAgain();
      this.#cutRests();
    });
    // What never failed is exported as 0: a first failure must be seen as a rise.
    for (const topic of [...sharedTopics, ...(this.topics === null ? [] : [deviceTopics])]) {
      for (const status of ["success", "failure"]) this.metrics.mqttPublish.inc({ topic, status }, 0);
    }
    this.#running = this.broker.connect().then(() => this.#run());
    return this.#running;
  }

  /** Says that something may be due that `onChange` did not report. */
  nudge(): void {
    this.#due.lookAgain();
    this.#wake();
  }

  /** Publishes what is still due, for at most 5 s, and disconnects. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#due.lookAgain();
    this.#cutRests();
    const ended = this.#running.catch(() => {}); // Whoever called `start` hears of it.
    const deadline = new Rest();
    await Promise.race([ended, deadline.atMost(DRAIN_MS)]);
    deadline.cut();
    await this.broker.stop();
    await ended;
  }

  /** The answers of those who made it so go out first. */
  #wake(): void {
    this.#waking ??= setImmediate(() => {
      this.#waking = null;
      this.#idle.cut();
    });
  }

  #cutRests(): void {
    this.#idle.cut();
    this.#retry.cut();
  }

  async #run(): Promise<void> {
    let losses = 0;
    for (;;) {
      const round = await this.#tryRound();
      if (this.#stopping && (round === "nothing" || round === "lost")) return this.#acknowledged.settle();
      losses = round === "lost" ? losses + 1 : 0;
      if (round === "lost") this.#due.lookAgain();
      if (round === "lost") await this.#retry.atMost(retryDelayMs(losses, Math.random(), AFTER_LOSS));
      else if (round !== "full" && !this.#stopping) await this.#idle.atMost(POLL_MS);
    }
  }

  async #tryRound(): Promise<Round> {
    try {
      return await this.#publishDue();
    } catch (error) {
      const passes = error instanceof Fault && (error.code === "STORAGE_FULL" || error.code === "BUSY");
      if (!passes) throw error;
      this.log.warn({ err: error }, "the outbox could not be written; trying again");
      return "lost";
    }
  }

  /** One round. A row that the broker refuses waits alone; only a lost connection ends the round for all. */
  async #publishDue(): Promise<Round> {
    const settled = this.#acknowledged.settle();
    if (this.#acknowledged.count >= UNSETTLED_MOST) await settled;
    if (this.#acknowledged.count >= UNSETTLED_MOST) return "lost";
    if (!this.broker.connected) return "nothing";

    const most = Math.min(IN_FLIGHT_MOST, this.broker.receiveMaximum);
    const due = await this.#due.next(most);
    if (due.length === 0) return "nothing";

    const parts = await this.#nextParts(due, most);
    // Every outcome is awaited: no round begins while a publish of the last one is still out.
    const outcomes = await Promise.all(parts.map((part) => this.#tell(part)));
    const by = Map.groupBy(parts, (_, index) => outcomes[index] ?? "lost");
    const told = (by.get("acknowledged") ?? []).filter(({ isLast }) => isLast);
    this.#acknowledged.add(told.map(({ announcement }) => announcement));
    void this.#acknowledged.settle(); // Beside the next round.
    await this.#postpone((by.get("refused") ?? []).map(({ announcement }) => announcement));
    if (by.has("lost")) return "lost"; // Their rows stay as they are.
    const isUntold = parts.some(({ isLast }) => !isLast);
    if (isUntold) this.#due.lookAgain();
    return due.length === most || isUntold ? "full" : "some";
  }

  /**
   * As many messages as may be in flight. The oldest has all but what the others need: a large fleet holds up nobody.
   */
  async #nextParts(due: readonly Announcement[], most: number): Promise<readonly Part[]> {
    const keys = new Set(due.map(keyOf));
    this.#toldTo = new Map([...this.#toldTo].filter(([key]) => keys.has(key)));
    const parts: Part[] = [];
    let room = most;
    for (const [index, each] of due.entries()) {
      const toldTo = this.#toldTo.get(keyOf(each)) ?? each.toldTo;
      const others = due.length - index - 1;
      const part = await nextPart(
        { ...each, toldTo },
        Math.max(1, room - others * MOST_OF_A_CONFIG),
        this.topics,
      );
      room -= part.steps.length;
      parts.push(part);
    }
    return parts;
  }

  /** Publishes a part. It is known from then on how far it came, and told again from there. */
  async #tell({ announcement, steps, isLast }: Part): Promise<PublishOutcome> {
    const outcomes = await Promise.all(steps.map(({ message }) => this.#publish(message)));
    const firstNotOut = outcomes.findIndex((outcome) => outcome !== "acknowledged");
    const lastOut = steps.at(firstNotOut === -1 ? -1 : firstNotOut - 1);
    if (firstNotOut !== 0 && lastOut !== undefined) this.#toldTo.set(keyOf(announcement), lastOut.toldTo);
    if (outcomes.includes("lost")) return "lost";
    if (outcomes.includes("refused")) return "refused";
    if (isLast && (steps.length > 0 || announcement.toldTo !== null)) {
      const delayMs = this.now().getTime() - announcement.committedAt.getTime();
      this.metrics.announcementDelay.observe(Math.max(0, delayMs / 1000));
    }
    return "acknowledged";
  }

  async #publish(message: Message): Promise<PublishOutcome> {
    const topic = message.pattern;
    const beganMs = performance.now();
    const outcome = await this.broker.publish(message, PUBLISH_DEADLINE_MS);
    const seconds = (performance.now() - beganMs) / 1000;
    this.metrics.mqttPublishDuration.observe({ topic }, seconds);
    const status = outcome === "acknowledged" ? "success" : "failure";
    this.metrics.mqttPublish.inc({ topic, status });
    this.#noteRefusal(topic, outcome);
    return outcome;
  }

  /** Access control is by topic: what was refused is told once per topic, until that topic is taken again. */
  #noteRefusal(topic: TopicPattern, outcome: PublishOutcome): void {
    if (outcome === "acknowledged") this.#refused.delete(topic);
    if (outcome !== "refused" || this.#refused.has(topic)) return;
    this.#refused.add(topic);
    this.log.warn({ topic }, "the broker refuses announcements: check its access control");
  }

  async #postpone(refused: readonly Announcement[]): Promise<void> {
    const nowMs = this.now().getTime();
    await this.store.postponeAnnouncements(
      refused.map((each) => {
        const restMs = retryDelayMs(each.attempts + 1, Math.random(), AFTER_REFUSAL);
        const toldTo = this.#toldTo.get(keyOf(each)) ?? each.toldTo;
        return { ...each, toldTo, notBefore: new Date(nowMs + restMs) };
      }),
    );
  }
}

/** What a round found: nothing due or no connection, some rows, as many as fit, or a connection lost over it. */
type Round = "nothing" | "some" | "full" | "lost";
