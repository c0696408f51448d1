import type { Outcome } from "../command.ts";
import { counted } from "../words.ts";
import type { Plan, Planned } from "./plan.ts";
import type { LeftOut } from "./scan.ts";

interface Imported {
  readonly dataDir: string;
  readonly isDryRun: boolean;
  readonly announce: boolean;
  readonly configs: Plan;
  readonly assets: Plan;
  readonly ignored: readonly LeftOut[];
}

/** What an import did, or would do, or why it did nothing. */
export function importOutcome({ dataDir, isDryRun, announce, configs, assets, ignored }: Imported): Outcome {
  const refused = [...configs.refused, ...assets.refused];
  const ok = refused.length === 0;
  const counts = { configs: countsOf(configs), assets: countsOf(assets) };
  const changed = [configs, assets].map(countsOf).reduce((sum, each) => sum + each.new + each.replaced, 0);
  const announced = announce && ok && !isDryRun ? changed : 0;
  const did = `${dataDir}: ${told(counts.configs, "config")}; ${told(counts.assets, "asset")}`;
  return {
    ok,
    lines: [
      ...refused.map(({ file, reason }) => `refused: ${file}: ${reason}`),
      ...ignored.map(({ file, reason }) => `passed over: ${file} ${reason}`),
      ...(ok ? [isDryRun ? `${did} (a dry run: nothing was changed)` : did] : []),
      ...(announced > 0 ? [`${counted(announced, "announcement")} will go out when the service starts`] : []),
      ...(ok ? [] : [`nothing was imported, as ${counted(refused.length, "file")} cannot be`]),
    ],
    report: { data_dir: dataDir, dry_run: isDryRun, ...counts, announced, refused, ignored },
  };
}

interface Counts {
  readonly new: number;
  readonly replaced: number;
  readonly unchanged: number;
}

function countsOf({ planned }: Plan): Counts {
  const by = (change: Planned["change"]) => planned.filter((each) => each.change === change).length;
  return { new: by("new"), replaced: by("replaced"), unchanged: by("unchanged") };
}

function told({ new: added, replaced, unchanged }: Counts, what: string): string {
  return `${counted(added, `new ${what}`)}, ${replaced} replaced, ${unchanged} unchanged`;
}
