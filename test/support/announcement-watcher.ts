import { connectAsync, type IClientOptions, type IPublishPacket, type MqttClient } from "mqtt";
import { within } from "./deadline.ts";

/** A message as it came to a subscriber, with what MQTT 5 says beside the payload. */
export type Message = {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly payloadFormat: boolean | undefined;
  readonly contentType: string | undefined;
  readonly revision: string | undefined;
  readonly at: number;
};

/** Publishes something that a watcher recognises as the end of what it was to see. */
type Mark = (topic: string, payload: string) => Promise<void>;

const CONNECTED_WITHIN_MS = 5_000;
const RECONNECT_MS = 20;

/**
 * A subscriber that has nothing to do with the service: a connection of its own, with the account that devices have.
 * Its session outlives its connection, as a device's does, so that it misses nothing while the broker restarts.
 */
export class AnnouncementWatcher implements AsyncDisposable {
  readonly #seen: Message[] = [];
  readonly #waiting: ((message: Message) => void)[] = [];
  #subscriptions = 0;
  #subscribed: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(
    private readonly topic: string,
    private readonly mark: Mark,
    private readonly client: MqttClient,
  ) {}

  /** Begins to listen to what arrives, and subscribes at each connect. Resolved after SUBACK. */
  async start(): Promise<void> {
    this.client.on("message", (_topic, _payload, packet) => this.#take(messageOf(packet)));
    this.client.on("connect", () => void this.#subscribe());
    this.client.on("error", () => {}); // The broker is meant to go away: mqtt.js connects anew by itself.
    await this.#subscribe();
  }

  /** Resolved once the broker acknowledged a subscription made after `broker.restart()` and the like. */
  async subscribedAgain(after: number): Promise<void> {
    while (this.#subscriptions <= after) {
      await within(CONNECTED_WITHIN_MS, `a new subscription to ${this.topic}`, this.#subscribed.promise);
    }
  }

  get subscriptions(): number {
    return this.#subscriptions;
  }

  /** What arrived so far and was not taken yet. */
  get unread(): readonly Message[] {
    return this.#seen;
  }

  /** The next message that no call was given yet, in the order of arrival. */
  async nextMessage(what = "an announcement", withinMs = 5_000): Promise<Message> {
    const seen = this.#seen.shift();
    if (seen !== undefined) return seen;
    const next = Promise.withResolvers<Message>();
    this.#waiting.push(next.resolve);
    try {
      return await within(withinMs, `${what} on ${this.topic}`, next.promise);
    } finally {
      const at = this.#waiting.indexOf(next.resolve);
      if (at !== -1) this.#waiting.splice(at, 1);
    }
  }

  /** The payload of the next message. */
  async next(what?: string, withinMs?: number): Promise<unknown> {
    return JSON.parse((await this.nextMessage(what, withinMs)).payload);
  }

  /** Takes messages until `enough` says so of all that it took. */
  async collect(
    what: string,
    enough: (taken: readonly Message[]) => boolean,
    withinMs = 10_000,
  ): Promise<Message[]> {
    const taken: Message[] = [];
    const deadline = performance.now() + withinMs;
    while (!enough(taken)) {
      taken.push(await this.nextMessage(`${what} (${taken.length} came)`, deadline - performance.now()));
    }
    return taken;
  }

  /** All that arrived and was not taken yet. The broker had it before a mark that is published now. */
  async upToNow(): Promise<Message[]> {
    const mark = JSON.stringify({ mark: crypto.randomUUID() });
    await this.mark(this.topic.replace(/[#+]/g, "mark"), mark);
    const taken = await this.collect("a mark", (seen) => seen.at(-1)?.payload === mark);
    return taken.slice(0, -1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.endAsync(true);
  }

  async #subscribe(): Promise<void> {
    // QoS 2 asked for: a message then comes with the QoS that it was published with, and `rap` keeps its retain flag.
    await this.client.subscribeAsync(this.topic, { qos: 2, rap: true });
    this.#subscriptions++;
    this.#subscribed.resolve();
    this.#subscribed = Promise.withResolvers();
  }

  #take(message: Message): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#seen.push(message);
    else waiting(message);
  }
}

/** Connects with a session that is kept, and takes up to 65,535 messages at once. */
export async function startWatcher(
  url: string,
  account: IClientOptions,
  topic: string,
  mark: Mark,
): Promise<AnnouncementWatcher> {
  const client = await connectAsync(url, {
    ...account,
    protocolVersion: 5,
    clean: false,
    clientId: `watcher-${crypto.randomUUID()}`,
    properties: { sessionExpiryInterval: 600, receiveMaximum: 65_535 },
    reconnectPeriod: RECONNECT_MS,
    connectTimeout: CONNECTED_WITHIN_MS,
    reconnectOnConnackError: true,
    resubscribe: false,
  });
  const watcher = new AnnouncementWatcher(topic, mark, client);
  await watcher.start();
  return watcher;
}

function messageOf(packet: IPublishPacket): Message {
  const { revision } = packet.properties?.userProperties ?? {};
  return {
    topic: packet.topic,
    payload: packet.payload.toString(),
    qos: packet.qos,
    retain: packet.retain,
    payloadFormat: packet.properties?.payloadFormatIndicator,
    contentType: packet.properties?.contentType,
    revision: Array.isArray(revision) ? revision.join() : revision,
    at: performance.now(),
  };
}
