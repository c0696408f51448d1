import { join } from "node:path";
import { tempDir } from "../../test/support/temp-dir.ts";
import { fillStore } from "../load/fill-store.ts";
import { saveTemplate, startMeasured } from "../load/service.ts";
import { type Load, load } from "../load/wrk.ts";
import type { Measure, Row } from "../measure.ts";

const FEW = 100;
const CONNECTIONS = 16;

/** What the same requests take when there are a thousand times as many configs around them. */
export const growth: Measure = {
  name: "growth",
  needs: ["wrk", "mosquitto"],
  rows: {
    save: row("save with 100,000 configs"),
    get: row("GET config.json with 100,000 configs"),
  },
  async prepare({ seconds, configs }, running) {
    const [few, many] = [await startWith(FEW, running), await startWith(configs, running)];
    const template = await saveTemplate(running);
    const msPerAnswer = async (url: string, requests: Load["requests"] = []) =>
      (1000 * CONNECTIONS) / (await load({ url, connections: CONNECTIONS, seconds, requests })).perSecond;
    const save = (url: string) => msPerAnswer(url, ["save", String(FEW), template]);
    const get = (url: string) => msPerAnswer(url, ["getconfigs", String(FEW)]);
    for (const url of [many, few]) await Promise.all([save(url), get(url)]);
    return async () => ({
      save: { ours: await save(many), peer: await save(few) },
      get: { ours: await get(many), peer: await get(few) },
    });
  },
};

async function startWith(configs: number, running: AsyncDisposableStack): Promise<string> {
  const dataDir = join(running.use(await tempDir()).path, "data");
  await fillStore(dataDir, configs);
  const { service } = await startMeasured(running, dataDir);
  return service.url;
}

function row(what: string): Row {
  return { what, against: "itself, with 100", unit: "ms", goal: { better: "less", must: 1.2, aim: 1.05 } };
}
