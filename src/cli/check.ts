import { resolve } from "node:path";
import { DiskBlobs } from "../blobs/index.ts";
import { readDataDir } from "../settings.ts";
import type { Counts } from "../store/index.ts";
import { brokenBlobs, strayBlobs } from "./blob-checks.ts";
import { type Command, type Outcome, readArguments, type Surroundings } from "./command.ts";
import { openKept } from "./data-dir.ts";
import { counted } from "./words.ts";

const HELP = `iotsupport check [--json]

Reads everything in DATA_DIR, beside a running service or without one, and says what is wrong: in
the database, its counts and its configs; with assets whose bytes are missing, or not those that
were uploaded. It changes nothing.

It also tells of what only takes room: blobs that nothing remembers, and temporary files that a
crash has left.

  --json   prints one JSON object: command, ok, data_dir, configs, assets, pending_announcements,
           problems, notes (both lists of sentences); or command, ok and error

Exit codes: 0 all is sound, 1 something is wrong, 2 typed wrongly.

  iotsupport check
  DATA_DIR=/srv/iotsupport iotsupport check --json | jq .problems
`;

export const checkCommand: Command = {
  name: "check",
  summary: "reads everything, and says what is damaged or missing",
  help: HELP,
  plan(args) {
    readArguments(args, {});
    return check;
  },
};

async function check({ env, now, progress }: Surroundings): Promise<Outcome> {
  const dataDir = resolve(readDataDir(env));
  using reader = openKept(dataDir);
  progress.begin("Reading the database");
  const contradictions = await reader.contradictions();
  const counts = await reader.counts();
  const named = await reader.namedBlobs();
  const blobs = new DiskBlobs(dataDir);
  progress.begin("Reading assets", { of: named.reduce((sum, { size }) => sum + size, 0), unit: "bytes" });
  const broken = await brokenBlobs(named, blobs, reader, (count) => progress.add(count));
  const problems = [...contradictions, ...broken];
  const leftovers = await blobs.leftovers(now());
  const notes = [
    ...(await strayBlobs(blobs, reader, now())),
    ...leftovers.map((path) => `${path} is left from a crash; the next start removes it`),
  ];
  return outcomeOf(dataDir, counts, problems, notes);
}

function outcomeOf(
  dataDir: string,
  { configs, assets, pendingAnnouncements }: Counts,
  problems: readonly string[],
  notes: readonly string[],
): Outcome {
  const kept = `${counted(configs, "config")} and ${counted(assets, "asset")}`;
  const verdict = problems.length === 0 ? "all sound" : counted(problems.length, "problem");
  return {
    ok: problems.length === 0,
    lines: [...problems, ...notes.map((note) => `(no harm) ${note}`), `${dataDir}: ${kept}, ${verdict}`],
    report: {
      data_dir: dataDir,
      configs,
      assets,
      pending_announcements: pendingAnnouncements,
      problems,
      notes,
    },
  };
}
