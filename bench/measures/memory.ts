import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { tempDir } from "../../test/support/temp-dir.ts";
import { fillStore } from "../load/fill-store.ts";
import { saveTemplate, startMeasured } from "../load/service.ts";
import { load } from "../load/wrk.ts";
import type { Measure, Row } from "../measure.ts";

const CONNECTIONS = 64;
const STRETCH_SECONDS = 5;
const SETTLED_MS = 2_000;

/** Resident memory of the service's process. */
export const memory: Measure = {
  name: "memory",
  needs: ["wrk", "mosquitto"],
  rows: {
    idle: row("resident memory, idle", 100, 70),
    fleet: row("resident memory, 100,000 configs, each fetched", 200, 120),
    saved: row("resident memory, after 1 million saves", 300, 150),
  },
  async prepare({ configs, saves }, running) {
    const fleet = join(running.use(await tempDir()).path, "fleet");
    await fillStore(fleet, configs);
    const template = await saveTemplate(running);
    const save = ["save", String(configs), template];
    return async () => ({
      idle: { ours: await residentMb(null, 0, []), peer: null },
      fleet: { ours: await residentMb(fleet, configs, ["getconfigs", String(configs)]), peer: null },
      saved: { ours: await residentMb(null, saves, save), peer: null },
    });
  },
};

/** Of a service that was started for it, after so many requests. */
async function residentMb(
  dataDir: string | null,
  requests: number,
  kind: readonly string[],
): Promise<number> {
  await using running = new AsyncDisposableStack();
  const { service } = await startMeasured(running, dataDir ?? undefined);
  for (let sent = 0; sent < requests; ) {
    const stretch = { url: service.url, connections: CONNECTIONS, seconds: STRETCH_SECONDS, requests: kind };
    sent += (await load(stretch)).requests;
  }
  await Bun.sleep(SETTLED_MS); // What a garbage collector would give back by itself is not held against it.
  const status = await readFile(`/proc/${service.pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

function row(what: string, must: number, aim: number): Row {
  return { what, against: "–", unit: "MB", goal: { better: "less", must, aim } };
}
