import { join } from "node:path";
import { contentOf } from "../../bench/load/content.ts";
import { startBroker, type TestBroker } from "../support/broker.ts";
import { Lines } from "../support/lines.ts";
import { macs } from "../support/load.ts";
import { ProcessFigures } from "../support/process-figures.ts";
import { environment, type ServiceProcess, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { atMost, exactly, type Finding, told } from "./finding.ts";
import type { HerdRound, HerdSettings } from "./herd/devices.ts";
import type { SoakRow, SoakScale } from "./soak-row.ts";

const DEVICES = join(import.meta.dir, "herd/devices.ts");
const ASSET_BYTES = 16 * 1024;
const SUBSCRIBED_WITHIN_MS = 120_000;
const FETCHED_WITHIN_MS = 60_000;
const P99_MOST_MS = 1_000;

export const herd: SoakRow = {
  id: "S4",
  promise: "5,000 devices that hear of a change and all fetch it at once are served within a second",
  async run(scale, say) {
    await using running = new AsyncDisposableStack();
    const broker = running.use(await startBroker());
    const dir = running.use(await tempDir());
    const service = running.use(await startServiceProcess(environment(join(dir.path, "data"), broker.mqtt)));
    const figures = new ProcessFigures(service.pid);
    const files = macs(scale.announcements);
    const configs = await rounds(
      { ...parts(broker, service), folder: "configs", devices: scale.devices },
      say,
      (round) => service.saveConfig(files[round] ?? "", contentOf(round)),
      scale,
    );
    const assets = await rounds(
      { ...parts(broker, service), folder: "assets", devices: scale.devices },
      say,
      (round) => service.uploadAsset(`firmware-${round}.bin`, Buffer.alloc(ASSET_BYTES, round)),
      scale,
    );
    return [
      ...findings("configs of 2 KB", configs, scale),
      ...findings("assets of 16 KB", assets, scale),
      atMost("memory of the service, at most", figures.peakMb, 300, "MB"),
    ];
  },
};

function parts(broker: TestBroker, service: ServiceProcess) {
  const at = (url: string) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) });
  return {
    account: { ...at(broker.url), username: "device", password: "device-secret" },
    service: at(service.url),
  };
}

/** Each announcement is made when all have fetched what the one before told of. */
async function rounds(
  settings: Omit<HerdSettings, "topic">,
  say: (text: string) => void,
  change: (round: number) => Promise<unknown>,
  { announcements }: SoakScale,
): Promise<HerdRound[]> {
  const topic = `iotsupport/updates/${settings.folder}`;
  const child = Bun.spawn(
    [process.execPath, DEVICES, JSON.stringify({ ...settings, topic } satisfies HerdSettings)],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  try {
    const told = new Lines();
    void told.read(child.stdout);
    await told.line(/"subscribed"/, 0, SUBSCRIBED_WITHIN_MS);
    const done: HerdRound[] = [];
    for (let round = 0; round < announcements; round++) {
      const next = told.line(/"statuses"/, told.all.length, FETCHED_WITHIN_MS);
      await change(round);
      const outcome: HerdRound = JSON.parse(await next);
      done.push(outcome);
      say(`${outcome.filename}: p99 ${outcome.p99Ms.toFixed(0)} ms`);
    }
    return done;
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
}

function findings(
  what: string,
  done: readonly HerdRound[],
  { devices, announcements }: SoakScale,
): Finding[] {
  const served = done.reduce((sum, { statuses }) => sum + (statuses["200"] ?? 0), 0);
  return [
    exactly(`${what}: fetches answered whole, with 200`, served, devices * announcements),
    told(`${what}: median fetch, slowest round`, Math.max(...done.map(({ p50Ms }) => p50Ms)), "ms"),
    atMost(
      `${what}: p99 of a round's fetches, slowest round`,
      Math.max(...done.map(({ p99Ms }) => p99Ms)),
      P99_MOST_MS,
      "ms",
    ),
  ];
}
