import { Random } from "../../simulate/random.ts";
import { ProcessFigures } from "../support/process-figures.ts";
import { type Done, liveThrough } from "./endurance/chapter.ts";
import { bearable, deadly } from "./endurance/faults.ts";
import { type Sample, trendOf } from "./endurance/trend.ts";
import { startWorld, type World } from "./endurance/world.ts";
import { atMost, type Finding, told } from "./finding.ts";
import type { SoakRow } from "./soak-row.ts";

const CHAPTER_SECONDS = 20;
/** The part of the time in which memory may still find its size. */
const WARM_UP = 0.25;
const MS_PER_HOUR = 3_600_000;

export const endurance: SoakRow = {
  id: "S5",
  promise:
    "an hour of load and faults at random breaks no promise, and leaves memory and descriptors as they were",
  async run({ minutes, seed }, say) {
    await using mortal = await startWorld();
    await using lasting = await startWorld();
    const end = performance.now() + minutes * 60_000;
    const seconds = Math.min(CHAPTER_SECONDS, minutes * 60);
    const [ofMortal, ofLasting] = await Promise.all([
      live(mortal, { ...bearable, ...deadly }, seconds, end, new Random(seed), () => {}),
      live(lasting, bearable, seconds, end, new Random(seed + 1), say),
    ]);
    return [
      ...Object.entries(added([...ofMortal.done, ...ofLasting.done])).map(([what, times]) =>
        told(what, times, ""),
      ),
      ...steadiness(ofLasting.quiet),
    ];
  },
};

/** What the process has when nothing is asked of it, between two chapters. */
type Quiet = { readonly hours: number; readonly residentMb: number; readonly openFiles: number };

async function live(
  world: World,
  faults: Parameters<typeof liveThrough>[1]["faults"],
  seconds: number,
  end: number,
  random: Random,
  say: (text: string) => void,
): Promise<{ readonly done: readonly Done[]; readonly quiet: readonly Quiet[] }> {
  const done: Done[] = [];
  const quiet: Quiet[] = [];
  for (let number = 0; performance.now() < end; number++) {
    done.push(await liveThrough(world, { number, seconds, faults }, random));
    const { residentMb, openFiles } = new ProcessFigures(world.service.pid);
    quiet.push({ hours: performance.now() / MS_PER_HOUR, residentMb, openFiles });
    say(`chapter ${number}: ${residentMb.toFixed(0)} MB, ${openFiles} descriptors`);
  }
  return { done, quiet };
}

function steadiness(quiet: readonly Quiet[]): Finding[] {
  const settled = quiet.slice(Math.floor(quiet.length * WARM_UP));
  const trend = (of: (each: Quiet) => number) =>
    trendOf(settled.map((each): Sample => ({ hours: each.hours, value: of(each) })));
  const memory = trend(({ residentMb }) => residentMb);
  const files = trend(({ openFiles }) => openFiles);
  return [
    told("memory at the end", settled.at(-1)?.residentMb ?? Number.NaN, "MB"),
    told("memory's trend, after a quarter of the time", memory.perHour, "MB/h"),
    atMost("the same, at least so much (97.5 % sure)", memory.atLeast, 1, "MB/h"),
    told("descriptors at the end", settled.at(-1)?.openFiles ?? Number.NaN, ""),
    atMost("descriptors more in an hour, at least (97.5 % sure)", files.atLeast, 0, ""),
  ];
}

function added(all: readonly Done[]): Done {
  const sums: Record<string, number> = {};
  for (const [what, times] of all.flatMap((each) => Object.entries(each)))
    sums[what] = (sums[what] ?? 0) + times;
  return sums;
}
