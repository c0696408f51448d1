import { Random } from "../../../simulate/random.ts";
import type { RawConnection } from "../../support/raw-http.ts";
import type { Fault } from "./faults.ts";
import { patientLoad } from "./load.ts";
import type { World } from "./world.ts";

/** Between two faults, at most. */
const REST_MOST_MS = 2_000;

export interface Chapter {
  readonly number: number;
  readonly seconds: number;
  readonly faults: Readonly<Record<string, Fault>>;
}

/** What was done in a chapter, and how often. */
export type Done = Readonly<Record<string, number>>;

/**
 * A stretch of load and faults with an end: all is made well, and the history of the chapter is held against the model.
 * Throws what does not fit. Nothing of ours is open afterwards.
 */
export async function liveThrough(
  world: World,
  { number, seconds, faults }: Chapter,
  random: Random,
): Promise<Done> {
  const done: Record<string, number> = { chapters: 1 };
  const stop = new AbortController();
  const load = patientLoad(world, number, new Random(random.int(0, 2 ** 32)), stop.signal);
  const hanging: RawConnection[] = [];
  try {
    for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
      const names = Object.keys(faults);
      const name = names[random.int(0, names.length)] ?? "";
      world.log.note(name);
      await faults[name]?.(world, random, hanging);
      done[name] = (done[name] ?? 0) + 1;
      await Bun.sleep(random.int(0, REST_MOST_MS));
    }
  } finally {
    stop.abort();
    await load;
    for (const connection of hanging) connection.hangUp();
  }
  await world.log.expectToHold(world.client, world.announced);
  done["answered changes"] = world.log.history.filter(
    (each) => "answer" in each && each.answer.kind === "done",
  ).length;
  done["lost requests"] = world.log.history.filter(
    (each) => "answer" in each && each.answer.kind === "lost",
  ).length;
  await world.clear();
  return done;
}
