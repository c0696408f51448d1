import { connectAsync, type MqttClient } from "mqtt";
import * as v from "valibot";
import type { TestBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { DiscoveryPayload, StatePayload } from "./schemas.ts";

export const HOME_ASSISTANT = "homeassistant";
const WITHIN_MS = 20_000;

interface Shown {
  readonly config: DiscoveryPayload;
  /** What its messages said, one after the other: what one leaves out stays. */
  state: StatePayload;
}

/** Does with what comes in over MQTT what Home Assistant does with it, and holds all of it against its schemas. */
export class HomeAssistant implements AsyncDisposable {
  /** By the topic of its discovery. */
  readonly #entities = new Map<string, Shown>();
  /** What Home Assistant would have refused. */
  readonly violations: string[] = [];
  /** Topics on which something came in, retained or not. */
  readonly heard: string[] = [];
  availability = "";

  constructor(
    private readonly client: MqttClient,
    private readonly prefix: string,
  ) {}

  async start(): Promise<void> {
    this.client.on("message", (topic, payload) => this.#take(topic, payload.toString("utf8")));
    await this.client.subscribeAsync(`${this.prefix}/+/+/+/config`, { qos: 1 });
  }

  /** As it says at its start, by default not retained. */
  async sayBirth(): Promise<void> {
    await this.client.publishAsync(`${this.prefix}/status`, "online", { qos: 1 });
  }

  /** Presses the entity's Install button. */
  async install(uniqueId: string, { isRetained = false } = {}): Promise<void> {
    const { command_topic = "", payload_install = "", qos } = this.entity(uniqueId).config;
    await this.client.publishAsync(command_topic, payload_install, { qos: qos ?? 0, retain: isRetained });
  }

  entity(uniqueId: string): Shown {
    const found = [...this.#entities.values()].find(({ config }) => config.unique_id === uniqueId);
    if (found === undefined) throw new Error(`no entity is ${uniqueId}`);
    return found;
  }

  get uniqueIds(): string[] {
    return [...this.#entities.values()].map(({ config }) => config.unique_id).toSorted();
  }

  /** Until these are all the entities that there are. */
  async has(...uniqueIds: readonly string[]): Promise<void> {
    const expected = uniqueIds.toSorted().join();
    await until(`entities ${expected}`, () => this.uniqueIds.join() === expected, WITHIN_MS);
  }

  /** Until an entity's state is like that. */
  async shows(uniqueId: string, state: StatePayload): Promise<void> {
    const is = () => {
      const shown = this.uniqueIds.includes(uniqueId) ? this.entity(uniqueId).state : null;
      return (
        shown !== null && Object.entries(state).every(([key, value]) => Reflect.get(shown, key) === value)
      );
    };
    await until(`${uniqueId} with ${JSON.stringify(state)}`, is, WITHIN_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.endAsync(true);
  }

  #take(topic: string, payload: string): void {
    this.heard.push(topic);
    if (topic.startsWith(`${this.prefix}/`)) this.#discover(topic, payload);
    for (const shown of this.#entities.values()) {
      if (topic === shown.config.availability_topic) this.availability = payload;
      if (topic !== shown.config.state_topic || payload === "") continue;
      const state = this.#read(StatePayload, topic, payload);
      if (state !== null) shown.state = { ...shown.state, ...state };
    }
  }

  #discover(topic: string, payload: string): void {
    if (payload === "") {
      this.#entities.delete(topic);
      return;
    }
    const config = this.#read(DiscoveryPayload, topic, payload);
    if (config === null) return;
    const others = [...this.#entities].filter(([at]) => at !== topic);
    if (
      others.some(
        ([
          ,
          {
            config: { unique_id },
          },
        ]) => unique_id === config.unique_id,
      )
    )
      this.violations.push(`${topic}: ${config.unique_id} is there already`);
    if (!/^[\w-]+\/update\/[\w-]+\/[\w-]+\/config$/.test(topic))
      this.violations.push(`${topic} is no topic of discovery`);
    this.#entities.set(topic, { config, state: this.#entities.get(topic)?.state ?? {} });
    this.client.subscribe([config.state_topic, config.availability_topic ?? config.state_topic], { qos: 1 });
  }

  #read<S extends v.GenericSchema>(schema: S, topic: string, payload: string): v.InferOutput<S> | null {
    const parsed = v.safeParse(schema, JSON.parse(payload));
    if (parsed.success) return parsed.output;
    this.violations.push(
      `${topic}: ${v.flatten(parsed.issues).root ?? JSON.stringify(v.flatten(parsed.issues))}`,
    );
    return null;
  }
}

/** Home Assistant with its own account; the broker was started with it. */
export async function startHomeAssistant(
  broker: TestBroker,
  prefix = "homeassistant",
): Promise<HomeAssistant> {
  const { url, ...account } = broker.as(HOME_ASSISTANT);
  const client = await connectAsync(url, { ...account, protocolVersion: 5 });
  const standIn = new HomeAssistant(client, prefix);
  await standIn.start();
  return standIn;
}
