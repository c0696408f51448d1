import { Random } from "../../../simulate/random.ts";
import { macs } from "../../support/load.ts";
import type { World } from "./world.ts";

const WRITERS = 6;
const UPLOADERS = 2;
const CONFIGS = 12;
/** Each asks some twenty times a second, for an hour if need be: time is what is tried here, not speed. */
const REST_MOST_MS = 100;
/** What a client waits that was given no answer. */
const AFTER_LOSS_MS = 200;

/** Clients who save, delete, upload and read the files of a chapter until `stop`, whatever becomes of the service. */
export async function patientLoad(
  world: World,
  chapter: number,
  random: Random,
  stop: AbortSignal,
): Promise<void> {
  const configs = macs((chapter + 1) * CONFIGS)
    .slice(-CONFIGS)
    .map((mac) => `configs/${mac}`);
  const assets = [`assets/a-${chapter}.bin`, `assets/b-${chapter}.bin`];
  const clients = [
    ...Array.from({ length: WRITERS }, () => configs),
    ...Array.from({ length: UPLOADERS }, () => assets),
  ];
  await Promise.all(clients.map((files) => askOn(world, files, new Random(random.int(0, 2 ** 32)), stop)));
}

async function askOn(
  world: World,
  files: readonly string[],
  random: Random,
  stop: AbortSignal,
): Promise<void> {
  while (!stop.aborted) {
    const file = files[random.int(0, files.length)] ?? "";
    const { kind } = await askOnce(world, file, random);
    await Bun.sleep(kind === "lost" ? AFTER_LOSS_MS : random.int(0, REST_MOST_MS));
  }
}

function askOnce({ logged }: World, file: string, random: Random) {
  const chance = random.next();
  if (chance < 0.6)
    return logged.save(file, "none", file.startsWith("assets/") ? random.int(100, 200_000) : undefined);
  if (chance < 0.68) return logged.delete(file);
  return logged.read(file, random.pick(["device", "operator"]));
}
