import type { TestBroker } from "../../test/support/broker.ts";
import { within } from "../../test/support/deadline.ts";

/** An announcement as it came to a subscriber. */
export type Arrival = { readonly filename: string; readonly atMs: number };

const TOPIC = "iotsupport/updates/configs";
const DEVICE = ["-u", "device", "-P", "device-secret"];

/** Milliseconds since 1970, to the microsecond: the clock by which arrivals are told. */
export function clockMs(): number {
  return performance.timeOrigin + performance.now();
}

/** `mosquitto_sub`, a process that shares nothing with the service, nor with us but the clock. */
export class Subscriber {
  /** In the order in which they came. */
  readonly arrivals: Arrival[] = [];
  #came: PromiseWithResolvers<void> = Promise.withResolvers();

  /** Takes what it prints, to its end. */
  async read(stdout: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      this.arrivals.push(...lines.map(arrivalIn));
      this.#came.resolve();
      this.#came = Promise.withResolvers();
    }
  }

  /** Resolved once that many have come in all. */
  async arrived(count: number, withinMs: number): Promise<void> {
    const all = async () => {
      while (this.arrivals.length < count) await this.#came.promise;
    };
    await within(withinMs, `${count} announcements`, all());
  }
}

/** Subscribed when it resolves; `running` ends it. */
export async function startSubscriber(
  broker: TestBroker,
  running: AsyncDisposableStack,
): Promise<Subscriber> {
  const id = `bench-${crypto.randomUUID()}`;
  const { hostname, port } = new URL(broker.url);
  const how = ["-h", hostname, "-p", port, ...DEVICE, "-i", id, "-V", "mqttv5", "-q", "1"];
  const child = Bun.spawn(["mosquitto_sub", ...how, "-t", TOPIC, "-F", "%U %p"], { stderr: "inherit" });
  running.defer(async () => {
    child.kill();
    await child.exited;
  });
  const subscriber = new Subscriber();
  void subscriber.read(child.stdout);
  await broker.log.line(new RegExp(`${id} 1 ${TOPIC}`));
  return subscriber;
}

/** A line as `-F "%U %p"` has it: seconds since 1970, and the payload. */
function arrivalIn(line: string): Arrival {
  const at = line.indexOf(" ");
  return { atMs: Number(line.slice(0, at)) * 1000, filename: JSON.parse(line.slice(at)).filename };
}
