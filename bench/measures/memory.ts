import { join } from "node:path";
import { atOnce, macs } from "../../test/support/load.ts";
import { tempDir } from "../../test/support/temp-dir.ts";
import { fillStore } from "../load/fill-store.ts";
import { residentMb } from "../load/memory.ts";
import { startMeasured } from "../load/service.ts";
import type { Measure, Row } from "../measure.ts";

const CONNECTIONS = 32;

/** Resident memory of the service's process, started anew for each figure. */
export const memory: Measure = {
  name: "memory",
  needs: ["mosquitto"],
  rows: {
    idle: row("resident memory, idle", 100, 70),
    fleet: row("resident memory, 100,000 configs, each fetched", 200, 120),
  },
  async prepare({ configs }, running) {
    const fleet = join(running.use(await tempDir()).path, "fleet");
    await fillStore(fleet, configs);
    return async () => ({
      idle: { ours: await idle(), peer: null },
      fleet: { ours: await fetched(fleet, configs), peer: null },
    });
  },
};

async function idle(): Promise<number> {
  await using running = new AsyncDisposableStack();
  const { service } = await startMeasured(running);
  return await residentMb(service.pid);
}

async function fetched(dataDir: string, configs: number): Promise<number> {
  await using running = new AsyncDisposableStack();
  const { service } = await startMeasured(running, dataDir);
  await atOnce(CONNECTIONS, macs(configs), (mac) => service.fetchConfig(mac));
  return await residentMb(service.pid);
}

function row(what: string, must: number, aim: number): Row {
  return { what, against: "–", unit: "MB", goal: { better: "less", must, aim } };
}
