import { connect, type MqttClient } from "mqtt";

/** Where the devices' broker is, and their account there. */
export interface BrokerAccount {
  readonly url: string;
  readonly username: string | null;
  readonly password: string | null;
}

const SESSION_SECONDS = 3_600;
const RECONNECT_MS = 1_000;

/** A device's ear: a session of its own at the broker, which keeps what comes while the line is down. */
export class Listener {
  #client: MqttClient | null = null;

  constructor(
    private readonly account: BrokerAccount,
    private readonly mac: string,
    private readonly tell: { heard(filename: string): void; subscribed(): void },
  ) {}

  /** Goes on by itself, through outages of the broker too. */
  start(): void {
    const { url, username, password } = this.account;
    const client = connect(url, {
      protocolVersion: 5,
      clientId: `simulated-${this.mac}`,
      clean: false,
      properties: { sessionExpiryInterval: SESSION_SECONDS },
      reconnectPeriod: RECONNECT_MS,
      ...(username !== null && { username }),
      ...(password !== null && { password }),
    });
    client.on("error", () => {}); // It tries again.
    client.on("connect", () => {
      client.subscribe(topicsFor(this.mac), { qos: 1 }, (error) => {
        if (error === null) this.tell.subscribed();
      });
    });
    client.on("message", (_, payload) => this.#hear(payload.toString()));
    this.#client = client;
  }

  /** Says goodbye, and leaves no session behind. */
  async stop(): Promise<void> {
    await this.#client?.endAsync(!this.#client.connected, { properties: { sessionExpiryInterval: 0 } });
  }

  #hear(payload: string): void {
    try {
      const { filename } = JSON.parse(payload);
      this.tell.heard(String(filename));
    } catch {
      // Nothing that a device could make sense of.
    }
  }
}

/** What everybody hears, and what concerns this device alone, where the service sends that (MQTT_DEVICE_TOPICS). */
function topicsFor(mac: string): string[] {
  return ["iotsupport/updates/configs", "iotsupport/updates/assets", `iotsupport/devices/${mac}/updates`];
}
