import { join } from "node:path";
import { startBroker } from "../../test/support/broker.ts";
import { Lines } from "../../test/support/lines.ts";
import { environment, startServiceProcess } from "../../test/support/service-process.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { fillStore } from "../load/fill-store.ts";
import type { Measure, Row } from "../measure.ts";
import { spreadOf } from "../report/spread.ts";

const BARE = join(import.meta.dir, "../peers/bare-server.ts");

/** From the start of the process to the first answer that it is ready. */
export const start: Measure = {
  name: "start",
  needs: ["mosquitto"],
  rows: {
    empty: row("start to ready, empty", 15, 8),
    full: row("start to ready, 100,000 configs", 18, 9),
  },
  async prepare({ starts, configs }, running) {
    const { mqtt } = running.use(await startBroker());
    const folder = running.use(await tempDir()).path;
    const full = join(folder, "full");
    await fillStore(full, configs);

    const ours = (dataDir: string) => medianOf(starts, () => serviceStart(environment(dataDir, mqtt)));
    const bare = () => medianOf(starts, bareStart);
    return async () => ({
      empty: { ours: await ours(join(folder, "empty")), peer: await bare() },
      full: { ours: await ours(full), peer: await bare() },
    });
  },
};

function row(what: string, must: number, aim: number): Row {
  return { what, against: "a bare Bun.serve", unit: "ms", goal: { better: "less", must, aim } };
}

async function medianOf(times: number, measured: () => Promise<number>): Promise<number> {
  const figures: number[] = [];
  while (figures.length < times) figures.push(await measured());
  return spreadOf(figures).median;
}

async function serviceStart(env: Readonly<Record<string, string>>): Promise<number> {
  const began = performance.now();
  await using service = await startServiceProcess(env);
  await expectReady(`${service.url}/api/health/ready`);
  return performance.now() - began;
}

async function bareStart(): Promise<number> {
  const began = performance.now();
  const bare = Bun.spawn([process.execPath, BARE], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const said = new Lines();
    void said.read(bare.stdout);
    const { url } = JSON.parse(await said.line(/"msg":"listening"/));
    await expectReady(url);
    return performance.now() - began;
  } finally {
    bare.kill();
    await bare.exited;
  }
}

async function expectReady(url: string): Promise<void> {
  const { status } = await fetch(url);
  if (status !== 200) throw new Error(`${url}: ${status} after the start`);
}
