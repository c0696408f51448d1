import { join } from "node:path";
import type { TestBroker } from "../../test/support/broker.ts";
import { atOnce, macs } from "../../test/support/load.ts";
import type { ServiceProcess } from "../../test/support/service-process.ts";
import { contentOf } from "../load/content.ts";
import { startMeasured } from "../load/service.ts";
import { clockMs, type Subscriber, startSubscriber } from "../load/subscriber.ts";
import type { Measure } from "../measure.ts";

const BARE = join(import.meta.dir, "../peers/mqtt-drain.ts");
const CONNECTED_WITHIN_MS = 15_000;
const DRAINED_WITHIN_MS = 120_000;

/** How fast what gathered while the broker was out of reach is announced, from the moment that we are let in again. */
export const announcementDrain: Measure = {
  name: "announcement-drain",
  needs: ["mosquitto", "mosquitto-clients"],
  rows: {
    drained: {
      what: "announcements drained after an outage",
      against: "bare mqtt.js, as many in flight",
      unit: "/s",
      goal: { better: "more", must: 0.4, aim: 0.8 },
    },
  },
  async prepare({ waiting }, running) {
    const { service, broker } = await startMeasured(running);
    const subscriber = await startSubscriber(broker, running);
    return async () => ({
      drained: {
        ours: await drainedPerSecond(broker, subscriber, waiting, () => endOutage(broker, service, waiting)),
        peer: await drainedPerSecond(broker, subscriber, waiting, () => publishBare(broker, waiting)),
      },
    });
  },
};

/** From when the broker takes the connection that `connect` brings about until the subscriber has the last one. */
async function drainedPerSecond(
  broker: TestBroker,
  subscriber: Subscriber,
  waiting: number,
  connect: () => Promise<() => Promise<unknown>>,
): Promise<number> {
  const before = subscriber.arrivals.length;
  const go = await connect();
  const connected = broker.log.line(
    /New client connected .* u'iotsupport'/,
    broker.log.all.length,
    CONNECTED_WITHIN_MS,
  );
  const gone = go();
  await connected;
  const connectedAtMs = clockMs();
  await subscriber.arrived(before + waiting, DRAINED_WITHIN_MS);
  await gone;
  const arrivals = subscriber.arrivals.slice(before);
  const files = new Set(arrivals.map(({ filename }) => filename));
  if (files.size !== waiting) throw new Error(`${files.size} files of ${waiting} were announced`);
  return (waiting / (Math.max(...arrivals.map(({ atMs }) => atMs)) - connectedAtMs)) * 1000;
}

/** Keeps the service from the broker while it saves; what is answered lets it in again. */
async function endOutage(broker: TestBroker, service: ServiceProcess, waiting: number) {
  const { password } = broker.mqtt;
  await broker.changePassword("another");
  await atOnce(32, macs(waiting), (mac) => service.saveConfig(mac, contentOf(1)));
  const { pending_announcements: pending } = await service.health();
  if (pending !== waiting) throw new Error(`${pending} announcements wait, not ${waiting}`);
  return () => broker.changePassword(password);
}

async function publishBare({ mqtt }: TestBroker, waiting: number) {
  return async () => {
    const args = [mqtt.url, mqtt.username, mqtt.password, String(waiting)];
    const bare = Bun.spawn([process.execPath, BARE, ...args], { stdio: ["ignore", "inherit", "inherit"] });
    if ((await bare.exited) !== 0) throw new Error(`bare mqtt.js ended with ${bare.exitCode}`);
  };
}
