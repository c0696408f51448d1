import { join } from "node:path";
import { contentOf } from "../../bench/load/content.ts";
import { clockMs, type Subscriber, startSubscriber } from "../../bench/load/subscriber.ts";
import { startBroker, type TestBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { atOnce, macs, percentile, timed } from "../support/load.ts";
import { ProcessFigures } from "../support/process-figures.ts";
import { environment, type ServiceProcess, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { atLeast, atMost, exactly, told } from "./finding.ts";
import type { SoakRow } from "./soak-row.ts";

const BARE = join(import.meta.dir, "../../bench/peers/mqtt-drain.ts");
const CONNECTIONS = 32;
/** Files besides, saved while the outbox drains. */
const OTHERS = 200;
const CONNECTED_WITHIN_MS = 15_000;
const DRAINED_WITHIN_MS = 300_000;
/** Below this, what a save takes is up to the machine's mood. */
const NOISE_MS = 10;

export const longOutage: SoakRow = {
  id: "S3",
  promise: "100,000 announcements that waited for the broker go out at its speed, and no save waits for them",
  async run({ pending }, say) {
    await using running = new AsyncDisposableStack();
    const broker = running.use(await startBroker());
    const subscriber = await startSubscriber(broker, running);
    const files = macs(pending);
    const bare = await drainedPerSecond(broker, subscriber, files, () => publishBare(broker, pending));
    say(`bare mqtt.js: ${bare.toFixed(0)}/s`);

    const dir = running.use(await tempDir());
    const service = running.use(await startServiceProcess(environment(join(dir.path, "data"), broker.mqtt)));
    const figures = new ProcessFigures(service.pid);
    const others = macs(pending + OTHERS).slice(pending);
    await timed(others, (mac) => service.saveConfig(mac, contentOf(1)));
    const usual = await timed(others, (mac) => service.saveConfig(mac, contentOf(2)));
    const { password } = broker.mqtt;
    await broker.changePassword("another");
    await atOnce(CONNECTIONS, files, (mac) => service.saveConfig(mac, contentOf(1)));
    const waited = (await service.health()).pending_announcements;
    say(`${waited} announcements wait`);

    figures.forgetPeak();
    const beforeMb = figures.residentMb;
    let isDraining = true;
    const draining = drainedPerSecond(broker, subscriber, files, () =>
      broker.changePassword(password),
    ).finally(() => {
      isDraining = false;
    });
    const meanwhile: number[] = [];
    while (isDraining)
      meanwhile.push(...(await timed(others, (mac) => service.saveConfig(mac, contentOf(3)))));
    const ours = await draining;
    const moreMb = figures.peakMb - beforeMb;
    await until("all is announced", async () => (await pendingAt(service)) === 0, DRAINED_WITHIN_MS);
    return [
      exactly("announcements that waited", waited, pending),
      told("drained by bare mqtt.js", bare, "/s"),
      told("drained by the service, which saves meanwhile", ours, "/s"),
      atLeast("the service ÷ bare mqtt.js", ours / bare, 0.5, "×"),
      atMost("memory more while it drains", moreMb, 100, "MB"),
      told("saves meanwhile", meanwhile.length, ""),
      told("p99 of a save, usual", percentile(99, usual), "ms"),
      atMost(
        "p99 of a save meanwhile",
        percentile(99, meanwhile),
        3 * percentile(99, usual) + NOISE_MS,
        "ms",
      ),
    ];
  },
};

/** From when the broker has taken the connection that `connect` brings about until the last of the files was heard of. */
async function drainedPerSecond(
  broker: TestBroker,
  subscriber: Subscriber,
  files: readonly string[],
  connect: () => Promise<unknown>,
): Promise<number> {
  const missing = new Set(files.map((mac) => `${mac}.json`));
  let taken = subscriber.arrivals.length;
  const connected = broker.log.line(
    /New client connected .* u'iotsupport'/,
    broker.log.all.length,
    CONNECTED_WITHIN_MS,
  );
  const ended = connect();
  await connected;
  const connectedAtMs = clockMs();
  await until(
    "every file was heard of",
    () => {
      for (const { filename } of subscriber.arrivals.slice(taken)) missing.delete(filename);
      taken = subscriber.arrivals.length;
      return missing.size === 0;
    },
    DRAINED_WITHIN_MS,
  );
  const lastAtMs = subscriber.arrivals.at(-1)?.atMs ?? Number.NaN;
  await ended;
  return (files.length / (lastAtMs - connectedAtMs)) * 1000;
}

async function publishBare({ mqtt }: TestBroker, count: number): Promise<void> {
  const args = [mqtt.url, mqtt.username, mqtt.password, String(count)];
  const bare = Bun.spawn([process.execPath, BARE, ...args], { stdio: ["ignore", "inherit", "inherit"] });
  if ((await bare.exited) !== 0) throw new Error(`bare mqtt.js ended with ${bare.exitCode}`);
}

async function pendingAt(service: ServiceProcess): Promise<number> {
  return (await service.health()).pending_announcements;
}
