import { residentMb } from "../load/memory.ts";
import { saveTemplate, startMeasured } from "../load/service.ts";
import { load } from "../load/wrk.ts";
import type { Measure } from "../measure.ts";

const FILES = 10_000;
const CONNECTIONS = 64;
const STRETCH_SECONDS = 5;

/** What a long time of saving leaves in memory. */
export const memoryAfterSaves: Measure = {
  name: "memory-after-saves",
  needs: ["wrk", "mosquitto"],
  once: true,
  rows: {
    saved: {
      what: "resident memory, after 1 million saves",
      against: "–",
      unit: "MB",
      goal: { better: "less", must: 300, aim: 150 },
    },
  },
  async prepare({ saves }, running) {
    const { service } = await startMeasured(running);
    const requests = ["save", String(FILES), await saveTemplate(running)];
    const stretch = { url: service.url, connections: CONNECTIONS, seconds: STRETCH_SECONDS, requests };
    return async () => {
      for (let sent = 0; sent < saves; ) sent += (await load(stretch)).requests;
      return { saved: { ours: await residentMb(service.pid), peer: null } };
    };
  },
};
