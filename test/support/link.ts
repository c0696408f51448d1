import { once } from "node:events";
import { createServer, connect as openSocket, type Server, type Socket } from "node:net";
import type { BrokerSettings } from "./broker.ts";
import { freePort } from "./free-port.ts";
import { PacketReader, PUBACK, PUBLISH } from "./mqtt-packets.ts";

type Ends = { readonly client: Socket; readonly broker: Socket; readonly inFlight: { count: number } };

/** A TCP proxy between the service and its broker, to part the two while each of them is well. */
export class Link implements AsyncDisposable {
  readonly #open = new Set<Ends>();
  #server: Server | null = null;
  #deaf = false;
  #holding: { readonly kept: (() => void)[]; readonly published: () => void } | null = null;
  #slow: { readonly eachMs: number; last: Promise<void> } | null = null;
  #cutWithin: { after: number; readonly cut: () => void } | null = null;
  #cut: { after: number; readonly cut: () => void } | null = null;
  /** PUBLISH packets that went through to the broker, and the most that were without their PUBACK at one time. */
  published = 0;
  mostInFlight = 0;
  /** When the service came to connect, each time, in milliseconds. */
  readonly connectedAt: number[] = [];

  constructor(
    private readonly port: number,
    private readonly target: BrokerSettings,
  ) {}

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** What the service is given to connect with, to reach the broker by this link. */
  get mqtt(): BrokerSettings {
    return { ...this.target, url: this.url };
  }

  get connections(): number {
    return this.connectedAt.length;
  }

  get connected(): boolean {
    return this.#open.size > 0;
  }

  /** Ends every connection and refuses new ones, as a host does on which nothing listens. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    const closed = server === null ? null : once(server, "close");
    server?.close();
    for (const ends of [...this.#open]) this.#part(ends);
    await closed;
  }

  /** As it was at the start. What was held back while deaf goes on to where it was meant for. */
  async restore(): Promise<void> {
    this.#deaf = false;
    for (const { client, broker } of this.#open) {
      client.resume();
      broker.resume();
    }
    if (this.#server !== null) return;
    this.#server = createServer((client) => this.#join(client));
    await once(this.#server.listen(this.port, "127.0.0.1"), "listening");
  }

  /** Connections stay open and new ones are taken, but no byte goes through. */
  goDeaf(): void {
    this.#deaf = true;
    for (const { client, broker } of this.#open) {
      client.pause();
      broker.pause();
    }
  }

  /**
   * Cuts the connection where the broker has a PUBLISH and has acknowledged it, and the service does not know: the next,
   * or the one that is so many further.
   */
  cutBeforePuback(further = 0): Promise<void> {
    return new Promise((cut) => {
      this.#cut = { after: further, cut };
    });
  }

  /** Cuts the connection in the middle of a PUBLISH, so many after the next: the broker has the first half of it. */
  cutWithinPublish(further = 0): Promise<void> {
    return new Promise((cut) => {
      this.#cutWithin = { after: further, cut };
    });
  }

  /** From now on PUBACKs come one after another, each so much later than the one before it. */
  slowPubacks(eachMs: number): void {
    this.#slow = { eachMs, last: Promise.resolve() };
  }

  /** Keeps PUBACKs back. Resolved when the broker has sent the first; `letPubacksThrough()` delivers all. */
  holdPubacks(): Promise<void> {
    return new Promise((published) => {
      this.#holding = { kept: [], published };
    });
  }

  letPubacksThrough(): void {
    const kept = this.#holding?.kept ?? [];
    this.#holding = null;
    for (const deliver of kept) deliver();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
  }

  #join(client: Socket): void {
    const broker = openSocket(Number(new URL(this.target.url).port), "127.0.0.1");
    const ends: Ends = { client, broker, inFlight: { count: 0 } };
    this.#open.add(ends);
    this.connectedAt.push(performance.now());
    for (const socket of [client, broker]) {
      socket.on("error", () => {}); // "close" follows.
      socket.on("close", () => this.#part(ends));
    }
    const sent = new PacketReader();
    client.on("data", (chunk) => {
      for (const { type, bytes } of sent.push(asBuffer(chunk))) {
        if (type === PUBLISH) this.#publish(ends, bytes);
        else broker.write(bytes);
      }
    });
    const answered = new PacketReader();
    broker.on("data", (chunk) => {
      for (const { type, bytes } of answered.push(asBuffer(chunk))) {
        if (type === PUBACK) this.#puback(ends, bytes);
        else client.write(bytes);
      }
    });
    if (this.#deaf) {
      client.pause();
      broker.pause();
    }
  }

  #publish(ends: Ends, bytes: Buffer): void {
    if (this.#cutWithin !== null && this.#cutWithin.after-- === 0) {
      ends.broker.write(bytes.subarray(0, bytes.length >> 1));
      this.#part(ends);
      this.#cutWithin.cut();
      this.#cutWithin = null;
      return;
    }
    this.published++;
    ends.inFlight.count++;
    this.mostInFlight = Math.max(this.mostInFlight, ends.inFlight.count);
    ends.broker.write(bytes);
  }

  #puback(ends: Ends, bytes: Buffer): void {
    if (this.#cut !== null && this.#cut.after-- === 0) {
      this.#part(ends);
      this.#cut.cut();
      this.#cut = null;
      return;
    }
    const deliver = () => {
      ends.inFlight.count--;
      ends.client.write(bytes);
    };
    if (this.#slow !== null) {
      const { eachMs, last } = this.#slow;
      this.#slow.last = last.then(() => Bun.sleep(eachMs)).then(deliver);
    } else if (this.#holding === null) {
      deliver();
    } else {
      this.#holding.kept.push(deliver);
      this.#holding.published();
    }
  }

  #part(ends: Ends): void {
    this.#open.delete(ends);
    ends.client.destroy();
    ends.broker.destroy();
  }
}

export async function startLink(broker: { readonly mqtt: BrokerSettings }): Promise<Link> {
  const link = new Link(await freePort(), broker.mqtt);
  await link.restore();
  return link;
}

function asBuffer(chunk: Buffer | string): Buffer {
  return typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}
