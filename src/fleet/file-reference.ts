import { validationFailed } from "../fault.ts";
import type { FileKey, FleetStore } from "../store/index.ts";

/** How names of files are read; each throws the fault of what is none. */
export interface NameParsers {
  readonly parseMac: (text: string) => string;
  readonly parseFileName: (text: string) => string;
}

/**
 * The file of an announced name: `aa-bb-cc-dd-ee-ff.json` is a config, all else an asset. An asset may be called like a
 * config's file: where there are both, `topic` has to say which is meant. Throws `validationFailed` on "topic".
 */
export async function fileReferredTo(
  fleet: FleetStore,
  { parseMac, parseFileName }: NameParsers,
  file: string,
  topic: FileKey["kind"] | undefined,
): Promise<FileKey> {
  const asset = { kind: "assets", name: parseFileName(file) } as const;
  if (topic === "assets") return asset;
  const mac = configNamed(file, parseMac);
  if (mac === null) {
    if (topic === "configs")
      throw validationFailed("file", `no config is announced as ${JSON.stringify(file)}`);
    return asset;
  }
  const config = { kind: "configs", name: mac } as const;
  if (topic === "configs" || (await fleet.findWanted(asset)) === null) return config;
  if ((await fleet.findWanted(config)) === null) return asset;
  throw validationFailed(
    "topic",
    `must say which is meant, configs or assets: both have ${JSON.stringify(file)}`,
  );
}

function configNamed(file: string, parseMac: (text: string) => string): string | null {
  if (!file.endsWith(".json")) return null;
  try {
    return parseMac(file.slice(0, -".json".length));
  } catch {
    return null; // An asset's name, then.
  }
}
