import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Account, subscribe } from "../../test/soak/herd/mqtt-device.ts";
import { startBroker, type TestBroker } from "../../test/support/broker.ts";
import { until } from "../../test/support/deadline.ts";
import { atOnce, macs } from "../../test/support/load.ts";
import { environment, type ServiceProcess, startServiceProcess } from "../../test/support/service-process.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { contentOf } from "../load/content.ts";
import type { Measure } from "../measure.ts";

const DELIVERED_WITHIN_MS = 300_000;
/** Linux counts a process's time in these (proc(5), USER_HZ). */
const TICK_MS = 10;

/** What it costs the broker to tell each device of a change of its own: on a topic of its own, or on the one that all share. */
export const deviceTopics: Measure = {
  name: "device-topics",
  needs: ["mosquitto"],
  rows: {
    deliveries: {
      what: "deliveries, each device's config changing once",
      against: "the topics that all share",
      unit: "messages",
      goal: { better: "less", must: 0.05, aim: 0.01 },
    },
    brokerCpu: {
      what: "the broker's CPU time for it",
      against: "the topics that all share",
      unit: "ms",
      goal: { better: "less", must: 0.5, aim: 0.1 },
    },
  },
  async prepare({ devices }, running) {
    const broker = running.use(await startBroker());
    const own = await startHerd(broker, devices, running, (mac) => `iotsupport/devices/${mac}/updates`);
    const shared = await startHerd(broker, devices, running, () => "iotsupport/updates/configs");
    const [toOwn, toShared] = [
      await startService(broker, "only", running),
      await startService(broker, "off", running),
    ];
    return async () => {
      const ours = await costOf(broker, own, devices, () => changeAll(toOwn, devices));
      const peer = await costOf(broker, shared, devices ** 2, () => changeAll(toShared, devices));
      return {
        deliveries: { ours: ours.deliveries, peer: peer.deliveries },
        brokerCpu: { ours: ours.cpuMs, peer: peer.cpuMs },
      };
    };
  },
};

/** What arrives at devices that are each connected by itself, counted. */
type Herd = { heard: number };

async function startHerd(
  broker: TestBroker,
  devices: number,
  running: AsyncDisposableStack,
  topicOf: (mac: string) => string,
): Promise<Herd> {
  const { hostname: host, port } = new URL(broker.url);
  const account: Account = { host, port: Number(port), ...broker.mayHearAll };
  const herd: Herd = { heard: 0 };
  await atOnce(32, macs(devices), async (mac) => {
    const socket = await subscribe(account, crypto.randomUUID(), topicOf(mac), () => herd.heard++);
    running.defer(() => void socket.destroy());
  });
  return herd;
}

async function startService(broker: TestBroker, topics: "only" | "off", running: AsyncDisposableStack) {
  const dataDir = join(running.use(await tempDir()).path, "data");
  const env = { ...environment(dataDir, broker.mqtt), MQTT_DEVICE_TOPICS: topics };
  return running.use(await startServiceProcess(env));
}

async function changeAll(service: ServiceProcess, devices: number): Promise<void> {
  await atOnce(32, macs(devices), (mac) => service.saveConfig(mac, contentOf(1)));
}

/** Up to the last delivery; that there are no more than were expected is part of the figure. */
async function costOf(broker: TestBroker, herd: Herd, expected: number, change: () => Promise<void>) {
  const before = { heard: herd.heard, cpuMs: cpuMsOf(broker.pid) };
  await change();
  const deliveries = () => herd.heard - before.heard;
  await until(`${expected} deliveries`, () => deliveries() >= expected, DELIVERED_WITHIN_MS);
  return { deliveries: deliveries(), cpuMs: cpuMsOf(broker.pid) - before.cpuMs };
}

/** User and system time of a process so far: the 14th and 15th field (proc(5)), after a name that may hold spaces. */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13)
    .map(Number);
  return ((user ?? Number.NaN) + (system ?? Number.NaN)) * TICK_MS;
}
