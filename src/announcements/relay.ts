import { Fault } from "../fault.ts";
import type { Log, Metrics } from "../ops/index.ts";
import type { Announcement, Store } from "../store/index.ts";
import { Acknowledged } from "./acknowledged.ts";
import type { Broker, PublishOutcome } from "./broker.ts";
import { messageOf, type Topic, topics } from "./message.ts";
import { Rest } from "./rest.ts";
import { retryDelayMs } from "./retry-delay.ts";

const IN_FLIGHT_MOST = 512;
/** With more on their way out of the outbox, no more are published. */
const UNSETTLED_MOST = 4 * IN_FLIGHT_MOST;
const PUBLISH_DEADLINE_MS = 5_000;
const POLL_MS = 1_000;
const DRAIN_MS = 5_000;
const AFTER_LOSS = { firstMs: 100, mostMs: 5_000 };
const AFTER_REFUSAL = { firstMs: 1_000, mostMs: 60_000 };

/**
 * Publishes what is in the outbox, and forgets it on PUBACK. It polls at its own pace: a nudge or a connect
 * only ends a rest, so that a lost one costs a moment and never an announcement.
 */
export class Relay {
  readonly #idle = new Rest();
  readonly #retry = new Rest();
  #stopping = false;
  #running: Promise<void> = Promise.resolve();
  readonly #acknowledged: Acknowledged;
  /** Topics of which the broker has refused the last announcement. */
  readonly #refused = new Set<Topic>();

  constructor(
    private readonly store: Store,
    private readonly broker: Broker,
    private readonly metrics: Metrics,
    private readonly log: Log,
    private readonly now: () => Date,
  ) {
    this.#acknowledged = new Acknowledged(store, log);
  }

  /** Why announcements wait, as far as is known: no connection, or topics that the broker refuses. */
  get trouble(): string | null {
    if (!this.broker.connected) return this.broker.trouble;
    if (this.#refused.size === 0) return null;
    return `refused: announcements on ${[...this.#refused].join(", ")}; check its access control`;
  }

  /** Begins. The promise settles only when the loop ends, and rejects where it could not go on. */
  start(): Promise<void> {
    this.broker.onConnect(() => this.#cutRests());
    // What never failed is exported as 0: a first failure must be seen as a rise.
    for (const topic of topics) {
      for (const status of ["success", "failure"]) this.metrics.mqttPublish.inc({ topic, status }, 0);
    }
    this.#running = this.broker.connect().then(() => this.#run());
    return this.#running;
  }

  /** Says that something may be due. */
  nudge(): void {
    this.#idle.cut();
  }

  /** Publishes what is still due, for at most 5 s, and disconnects. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cutRests();
    const ended = this.#running.catch(() => {}); // Whoever called `start` hears of it.
    const deadline = new Rest();
    await Promise.race([ended, deadline.atMost(DRAIN_MS)]);
    deadline.cut();
    await this.broker.stop();
    await ended;
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
    const found = await this.store.claimAnnouncements(most + this.#acknowledged.count);
    const due = found.filter((each) => !this.#acknowledged.has(each)).slice(0, most);
    if (due.length === 0) return "nothing";

    // Every outcome is awaited: no round begins while a publish of the last one is still out.
    const outcomes = await Promise.all(due.map((each) => this.#publish(each)));
    const by = Map.groupBy(due, (_, index) => outcomes[index] ?? "lost");
    this.#acknowledged.add(by.get("acknowledged") ?? []);
    void this.#acknowledged.settle(); // Beside the next round.
    await this.#postpone(by.get("refused") ?? []);
    if (by.has("lost")) return "lost"; // Their rows stay as they are.
    return due.length === most ? "full" : "some";
  }

  async #publish(announcement: Announcement): Promise<PublishOutcome> {
    const message = messageOf(announcement);
    const beganMs = performance.now();
    const outcome = await this.broker.publish(message, PUBLISH_DEADLINE_MS);
    const seconds = (performance.now() - beganMs) / 1000;
    this.metrics.mqttPublishDuration.observe({ topic: message.topic }, seconds);
    const status = outcome === "acknowledged" ? "success" : "failure";
    this.metrics.mqttPublish.inc({ topic: message.topic, status });
    this.#noteRefusal(message.topic, outcome);
    if (outcome === "acknowledged") {
      const delayMs = this.now().getTime() - announcement.committedAt.getTime();
      this.metrics.announcementDelay.observe(Math.max(0, delayMs / 1000));
    }
    return outcome;
  }

  /** Access control is by topic: what was refused is told once per topic, until that topic is taken again. */
  #noteRefusal(topic: Topic, outcome: PublishOutcome): void {
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
        return { ...each, notBefore: new Date(nowMs + restMs) };
      }),
    );
  }
}

/** What a round found: nothing due or no connection, some rows, as many as fit, or a connection lost over it. */
type Round = "nothing" | "some" | "full" | "lost";
