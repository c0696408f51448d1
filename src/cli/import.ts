import { resolve } from "node:path";
import { readDataDir, readSizeLimits } from "../settings.ts";
import { lockDataDir, openSqliteReader } from "../store/index.ts";
import { type Command, type Outcome, readArguments, type Surroundings, UsageError } from "./command.ts";
import { dataDirToWriteIn } from "./data-dir.ts";
import { applyImport } from "./import/apply.ts";
import { importOutcome } from "./import/outcome.ts";
import { type Plan, type Planned, type PlanRules, planAssets, planConfigs } from "./import/plan.ts";
import { type Scan, scan } from "./import/scan.ts";

const HELP = `iotsupport import [--configs DIR] [--assets DIR] [--dry-run] [--overwrite] [--announce] [--json]

Takes over the directories of an older system, whole or not at all: each <mac>.json in the one as
that device's config, each file in the other as the asset of that name, all byte for byte. Every
file is judged as a save or an upload is: MAC, JSON, file name, size (MAX_CONFIG_BYTES,
MAX_ASSET_BYTES). If one is refused, nothing is imported, and each that is refused is listed.
The service must be stopped.

What is kept already under the same name, with the same bytes, stays as it is, so that an import
can be repeated. What differs, or was deleted since, is refused, unless --overwrite is given.
Hidden files and directories are passed over; links are refused.

  --configs DIR, --assets DIR   at least one of them
  --dry-run     only says what would be done; the service may run
  --overwrite   what differs becomes the next revision; so does what was deleted
  --announce    announces what was imported, when the service starts; otherwise devices notice at
                their next look
  --json        prints one JSON object: command, ok, data_dir, dry_run, configs and assets (each
                {new, replaced, unchanged}), announced, refused and ignored (both lists of
                {file, reason}); or command, ok and error

Exit codes: 0 imported, or it could be; 1 nothing was imported; 2 typed wrongly.

  iotsupport import --configs /srv/old/configs --assets /srv/old/assets --dry-run
  DATA_DIR=/srv/iotsupport iotsupport import --configs /srv/old/configs --announce
`;

const options = {
  configs: { type: "string" },
  assets: { type: "string" },
  "dry-run": { type: "boolean", default: false },
  overwrite: { type: "boolean", default: false },
  announce: { type: "boolean", default: false },
} as const;

export const importCommand: Command = {
  name: "import",
  summary: "takes over the directories of an older system, whole or not at all",
  help: HELP,
  plan(args) {
    const { values } = readArguments(args, options);
    const { configs, assets, overwrite, announce } = values;
    if (!configs && !assets) throw new UsageError("--configs DIR or --assets DIR is needed, or both");
    const wanted = { configs, assets, overwrite, announce, isDryRun: values["dry-run"] };
    return (surroundings) => importFiles(wanted, surroundings);
  },
};

interface Wanted {
  readonly configs: string | undefined;
  readonly assets: string | undefined;
  readonly isDryRun: boolean;
  readonly overwrite: boolean;
  readonly announce: boolean;
}

async function importFiles(wanted: Wanted, surroundings: Surroundings): Promise<Outcome> {
  const { isDryRun, announce } = wanted;
  const dataDir = isDryRun ? resolve(readDataDir(surroundings.env)) : dataDirToWriteIn(surroundings);
  const scans = { configs: await scanOrNone(wanted.configs), assets: await scanOrNone(wanted.assets) };
  using lock = isDryRun ? null : lockDataDir(dataDir);
  const plans = await judge(scans, dataDir, wanted, surroundings);
  const isRefused = plans.configs.refused.length + plans.assets.refused.length > 0;
  if (lock !== null && !isRefused) {
    const { now, progress, env } = surroundings;
    const options = { announce, limits: readSizeLimits(env), now: now(), progress };
    await applyImport(lock, { configs: changed(plans.configs), assets: changed(plans.assets) }, options);
  }
  const ignored = [...scans.configs.ignored, ...scans.assets.ignored];
  return importOutcome({ dataDir, isDryRun, announce, ...plans, ignored });
}

async function scanOrNone(directory: string | undefined): Promise<Scan> {
  return directory ? await scan(resolve(directory)) : { candidates: [], refused: [], ignored: [] };
}

async function judge(
  scans: { readonly configs: Scan; readonly assets: Scan },
  dataDir: string,
  { overwrite }: Wanted,
  { env, progress }: Surroundings,
): Promise<{ readonly configs: Plan; readonly assets: Plan }> {
  using reader = openSqliteReader(dataDir);
  const rules: PlanRules = {
    limits: readSizeLimits(env),
    overwrite,
    lastState: async (key) => (reader === null ? null : await reader.lastState(key)),
    onFile: () => progress.add(1),
  };
  const { configs, assets } = scans;
  progress.begin("Reading configs", { of: configs.candidates.length, unit: "files" });
  const configPlan = await planConfigs(configs, rules);
  progress.begin("Looking at assets", { of: assets.candidates.length, unit: "files" });
  return { configs: configPlan, assets: await planAssets(assets, rules) };
}

function changed({ planned }: Plan): readonly Planned[] {
  return planned.filter(({ change }) => change !== "unchanged");
}
