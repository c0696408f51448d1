import { join } from "node:path";
import { contentOf } from "../../bench/load/content.ts";
import { fillStore } from "../../bench/load/fill-store.ts";
import { macs, percentile, timed } from "../support/load.ts";
import { ProcessFigures } from "../support/process-figures.ts";
import { environment, type ServiceProcess, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";
import { atMost, exactly, type Finding, told } from "./finding.ts";
import type { SoakRow } from "./soak-row.ts";

const FEW = 10;
const STARTS = 5;
const TURNS_MOST = 20;
const SAVES_A_TURN = 50;
const LISTS_AT_ONCE = 16;

export const largeFleet: SoakRow = {
  id: "S2",
  promise: "with 100,000 configs it starts, lists and saves as with ten",
  async run({ fleet }, say) {
    await using dir = await tempDir();
    const [few, many] = [join(dir.path, "few"), join(dir.path, "many")];
    await fillStore(few, FEW);
    await fillStore(many, fleet);
    say(`${fleet} configs are there`);
    return [
      ...(await starting(many)),
      ...(await listing(many, fleet)),
      ...(await saving(few, many, Math.min(TURNS_MOST, Math.ceil(fleet / 1_000)))),
    ];
  },
};

async function starting(dataDir: string): Promise<Finding[]> {
  const took = await timed(Array.from({ length: STARTS }), async () => {
    await using service = await startServiceProcess(environment(dataDir));
    await service.health();
  });
  return [
    told("start to ready, median", percentile(50, took), "ms"),
    atMost("start to ready, slowest", Math.max(...took), 2_000, "ms"),
  ];
}

async function listing(dataDir: string, fleet: number): Promise<Finding[]> {
  await using service = await startServiceProcess(environment(dataDir));
  const figures = new ProcessFigures(service.pid);
  const [once = Number.NaN] = await timed([null], () => service.listConfigs());
  const listed = (await service.listConfigs()).length;
  figures.forgetPeak();
  const before = figures.residentMb;
  const lists = Array.from({ length: LISTS_AT_ONCE }, async () => {
    return (await (await service.request("GET", "/api/configs")).bytes()).length;
  });
  const meanwhile = await fetchesUntil(Promise.all(lists), service);
  return [
    exactly("configs listed", listed, fleet),
    told("the whole list", once, "ms"),
    told("size of the list", ((await lists[0]) ?? 0) / 1024 ** 2, "MB"),
    atMost(`memory more for ${LISTS_AT_ONCE} lists at once`, figures.peakMb - before, 400, "MB"),
    atMost("p99 of a device's fetch meanwhile", percentile(99, meanwhile), 250, "ms"),
  ];
}

/** How long each fetch took that was made before `end`, one after another. */
async function fetchesUntil(end: Promise<unknown>, service: ServiceProcess): Promise<number[]> {
  let isOver = false;
  end.finally(() => {
    isOver = true;
  });
  const [mac = ""] = macs(1);
  const took: number[] = [];
  while (!isOver) took.push(...(await timed([mac], (each) => service.fetchConfig(each))));
  await end;
  return took;
}

/** The two by turns, so that the machine's moods meet both. */
async function saving(few: string, many: string, turns: number): Promise<Finding[]> {
  await using withFew = await startServiceProcess(environment(few));
  await using withMany = await startServiceProcess(environment(many));
  const took: { few: number[]; many: number[] } = { few: [], many: [] };
  const save = (service: ServiceProcess) =>
    timed(macs(SAVES_A_TURN), (mac) => service.saveConfig(mac, contentOf(1)));
  await Promise.all([save(withFew), save(withMany)]);
  for (let turn = 0; turn < turns; turn++) {
    took.few.push(...(await save(withFew)));
    took.many.push(...(await save(withMany)));
  }
  return [
    told(`median save with ${FEW} configs`, percentile(50, took.few), "ms"),
    atMost("the same with all, ÷ that", percentile(50, took.many) / percentile(50, took.few), 1.2, "×"),
  ];
}
