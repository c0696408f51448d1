import { Random } from "../../../simulate/random.ts";
import { macs } from "../load.ts";
import type { Condition } from "./events.ts";
import type { LoggedClient } from "./logged-client.ts";

export interface LoadOptions {
  /** Clients who save, delete and read configs, all of them the same few. */
  readonly writers: number;
  readonly configs: number;
  readonly uploaders: number;
  /** Ends it. Without one it ends when the service answers no more. */
  readonly stop?: AbortSignal;
}

/** Asks at random, each client one thing after another. Resolves when all have ended. */
export async function randomLoad(client: LoggedClient, random: Random, options: LoadOptions): Promise<void> {
  const { writers, uploaders, stop } = options;
  const configs = macs(options.configs).map((mac) => `configs/${mac}`);
  const each = (count: number, files: readonly string[]) =>
    Array.from({ length: count }, () => askOn(client, files, new Random(random.int(0, 2 ** 32)), stop));
  await Promise.all([...each(writers, configs), ...each(uploaders, ["assets/a.bin", "assets/b.bin"])]);
}

async function askOn(client: LoggedClient, files: readonly string[], random: Random, stop?: AbortSignal) {
  while (stop?.aborted !== true) {
    const file = files[random.int(0, files.length)] ?? "";
    const { kind } = await askOnce(client, file, random);
    if (kind === "lost") return;
    // Whoever was answered looks at once whether it is so.
    if (kind === "done" && random.next() < 0.5) await client.read(file, random.pick(["device", "operator"]));
  }
}

async function askOnce(client: LoggedClient, file: string, random: Random) {
  const chance = random.next();
  if (chance < 0.55) return client.save(file);
  if (chance < 0.7) return client.save(file, await condition(client, file, random));
  if (chance < 0.78) return client.delete(file);
  if (chance < 0.82) return client.list(file.startsWith("configs/") ? "configs" : "assets");
  return client.read(file, random.pick(["device", "operator"]));
}

async function condition(client: LoggedClient, file: string, random: Random): Promise<Condition> {
  if (file.startsWith("assets/")) return "none"; // An upload has none.
  const seen = await client.read(file, "operator");
  if (seen.kind !== "found") return "absent";
  return random.pick<Condition>([
    "absent",
    "present",
    { revision: seen.revision },
    { revision: seen.revision },
  ]);
}
