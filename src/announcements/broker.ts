import type { IClientOptions, IClientPublishOptions, MqttClient } from "mqtt";
import type { Log } from "../ops/index.ts";
import type { MqttSettings } from "../settings.ts";
import { retryDelayMs } from "./retry-delay.ts";
import { endedBy, troubleOf } from "./trouble.ts";

/** `refused` is the broker's own word on this message; `lost` says nothing of whether it has arrived. */
export type PublishOutcome = "acknowledged" | "refused" | "lost";

/** What is published, at QoS 1. */
export interface Publication {
  readonly topic: string;
  /** JSON, or nothing: that takes away what is retained. */
  readonly payload: string;
  readonly isRetained?: boolean;
  /** In a user property. */
  readonly revision?: number;
}

/** What comes in on a topic that was subscribed to. */
export type Listener = (topic: string, payload: string, isRetained: boolean) => void;

const CONNECT_TIMEOUT_MS = 3_000;
const KEEPALIVE_SECONDS = 10;
const RECONNECT = { firstMs: 100, mostMs: 1_000 };
const DISCONNECT_MS = 1_000;

/**
 * The process's one connection to the broker. Nothing happens before `connect`; from then on it reconnects
 * by itself until `stop`, whatever the broker says. MQTT 5, a clean session, a client id of its own.
 *
 * mqtt.js resends what it still holds after a reconnect. Here the outbox alone does that, so whatever is in
 * flight when a connection closes is taken out of the library's store.
 */
export class Broker {
  #client: MqttClient | null = null;
  #receiveMaximum = 0;
  #trouble: string | null = null;
  readonly #inFlight = new Set<number>();
  /** Those that wait, since as much is in flight as the broker takes at once. */
  readonly #queue: (() => void)[] = [];
  readonly #connectListeners: (() => void)[] = [];
  readonly #subscriptions: { readonly topics: readonly string[]; readonly heard: Listener }[] = [];

  constructor(
    private readonly settings: MqttSettings,
    private readonly log: Log,
    /** What the broker publishes for us when the connection breaks. */
    private readonly will: Publication | null = null,
  ) {}

  get connected(): boolean {
    return this.#client?.connected ?? false;
  }

  /** Why it is not connected, as far as is known; null while it is. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** How many unacknowledged messages the broker takes at once (MQTT 5, section 3.2.2.3.3). */
  get receiveMaximum(): number {
    return this.#receiveMaximum;
  }

  onConnect(listener: () => void): void {
    this.#connectListeners.push(listener);
  }

  /** Subscribes at each connect, from the next on. The listener is told of all that comes in, on whichever topic. */
  subscribe(topics: readonly string[], heard: Listener): void {
    this.#subscriptions.push({ topics, heard });
  }

  /** Begins to connect. The library is loaded here, since loading it takes a third of a start. */
  async connect(): Promise<void> {
    const { connect } = await import("mqtt");
    const client = connect(this.settings.url, {
      protocolVersion: 5,
      clientId: `iotsupport-${crypto.randomUUID()}`,
      ...(this.settings.username !== null && { username: this.settings.username }),
      ...(this.settings.password !== null && { password: this.settings.password }),
      clean: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      keepalive: KEEPALIVE_SECONDS,
      reconnectPeriod: RECONNECT.firstMs,
      reconnectOnConnackError: true,
      queueQoSZero: false,
      resubscribe: false,
      ...(this.will !== null && { will: willOf(this.will) }),
    });
    this.#client = client;

    let failures = 0;
    client.on("connect", ({ properties }) => {
      failures = 0;
      client.options.reconnectPeriod = RECONNECT.firstMs;
      this.#receiveMaximum = properties?.receiveMaximum ?? 65_535;
      this.#trouble = null;
      this.log.info({ receiveMaximum: this.#receiveMaximum }, "connected to the broker");
      for (const { topics } of this.#subscriptions) this.#subscribeTo(client, topics);
      for (const listener of this.#connectListeners) listener();
    });
    client.on("message", (topic, payload, { retain }) => {
      for (const { heard } of this.#subscriptions) heard(topic, payload.toString("utf8"), retain);
    });
    client.on("reconnect", () => {
      failures += 1;
      client.options.reconnectPeriod = retryDelayMs(failures, Math.random(), RECONNECT);
    });
    client.on("close", () => {
      this.#forgetInFlight(client);
      if (this.#trouble === null) this.#report("the connection closed");
    });
    client.on("disconnect", ({ reasonCode }) => this.#report(endedBy(reasonCode)));
    client.on("error", (error) => this.#report(troubleOf(error), error));
  }

  /**
   * Publishes once the broker takes another message, and settles by the deadline from then on, or when the connection
   * breaks. Never throws.
   */
  async publish(message: Publication, deadlineMs: number): Promise<PublishOutcome> {
    while (this.connected && this.#inFlight.size >= this.#receiveMaximum) {
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    const client = this.#client;
    if (!client?.connected) return "lost";
    const { promise, resolve } = Promise.withResolvers<PublishOutcome>();
    const deadline = setTimeout(() => {
      this.#report(`no acknowledgement within ${deadlineMs} ms`);
      client.stream.destroy(); // What is in flight is settled by the close that follows.
    }, deadlineMs);

    let messageId: number | undefined;
    client.publish(message.topic, message.payload, optionsOf(message), (error) => {
      clearTimeout(deadline);
      if (messageId !== undefined) this.#inFlight.delete(messageId);
      this.#queue.shift()?.();
      resolve(outcomeOf(error));
    });
    messageId = client.getLastMessageId();
    this.#inFlight.add(messageId);
    return await promise;
  }

  #subscribeTo(client: MqttClient, topics: readonly string[]): void {
    client.subscribe([...topics], { qos: 1 }, (error, granted = []) => {
      const refused = granted.filter(({ qos }) => qos >= 0x80).map(({ topic }) => topic);
      if (client.connected && (error !== null || refused.length > 0))
        this.log.warn({ topics: refused.length > 0 ? refused : topics }, "the broker refuses a subscription");
    });
  }

  /** Says DISCONNECT, waiting for it a second at most. */
  async stop(): Promise<void> {
    const client = this.#client;
    if (client === null) return;
    const timer = setTimeout(() => client.end(true), DISCONNECT_MS);
    this.#forgetInFlight(client);
    this.#trouble ??= "we disconnected"; // The close that follows is ours, and no trouble.
    await client.endAsync();
    clearTimeout(timer);
  }

  #forgetInFlight(client: MqttClient): void {
    for (const messageId of this.#inFlight) client.removeOutgoingMessage(messageId);
    this.#inFlight.clear();
    for (const resume of this.#queue.splice(0)) resume();
  }

  /** Logs a trouble once, until it changes or a connection is made. */
  #report(trouble: string, error?: Error): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    const said = error?.message; // With the address that was tried, which is nobody's business but the log's.
    this.log.warn({ trouble, ...(said && { said }) }, "the broker cannot be reached; announcements wait");
  }
}

function optionsOf({ isRetained = false, revision }: Publication): IClientPublishOptions {
  return {
    qos: 1,
    retain: isRetained,
    properties: {
      payloadFormatIndicator: true,
      contentType: "application/json",
      ...(revision !== undefined && { userProperties: { revision: String(revision) } }),
    },
  };
}

function willOf({ topic, payload, isRetained = false }: Publication): NonNullable<IClientOptions["will"]> {
  return { topic, payload: Buffer.from(payload), qos: 1, retain: isRetained };
}

/** A reason code of 0x80 or more in the PUBACK is a refusal (MQTT 5, section 3.4.2.1). */
function outcomeOf(error: Error | undefined): PublishOutcome {
  if (!error) return "acknowledged";
  return "code" in error && typeof error.code === "number" && error.code >= 0x80 ? "refused" : "lost";
}
