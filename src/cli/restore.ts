import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  type DiskBlobs,
  type FinishedBlob,
  openDiskBlobs,
  type StagedBlob,
  temporaryIn,
} from "../blobs/index.ts";
import {
  type DataDirLock,
  hasDatabase,
  lockDataDir,
  openSqliteReader,
  placeDatabase,
} from "../store/index.ts";
import type { Manifest } from "./archive/manifest.ts";
import { readArchive } from "./archive/read-archive.ts";
import { type Command, CommandError, type Outcome, readArguments, type Surroundings } from "./command.ts";
import { dataDirToWriteIn } from "./data-dir.ts";
import { bytes, counted } from "./words.ts";
import { WorkFolder } from "./work-folder.ts";

const HELP = `iotsupport restore FILE [--json]

Makes DATA_DIR what it was when FILE was made by iotsupport backup. The service must be stopped.
FILE is read and checked to its end before anything of it can be seen: it is restored whole, or
not at all.

DATA_DIR must hold nothing yet: move what is there away first. (A service's database in which
nothing was ever saved counts as nothing; keys, passwords and the broker's folder stay.)

  FILE     a backup. On DATA_DIR's disk there must be room for all of it.
  --json   prints one JSON object: command, ok, file, data_dir, created_at, schema_version, configs, assets,
           pending_announcements, blobs {count, bytes}; or command, ok and error

Exit codes: 0 restored, 1 nothing was restored, 2 typed wrongly.

  iotsupport restore /backups/iotsupport-2026-11-24.tar
  DATA_DIR=/srv/try iotsupport restore /backups/now.tar && DATA_DIR=/srv/try PORT=3202 MQTT_URL= npm start
`;

export const restoreCommand: Command = {
  name: "restore",
  summary: "makes an empty data directory what it was when a backup was taken",
  help: HELP,
  plan(args) {
    const { operands } = readArguments(args, {}, ["FILE"]);
    return (surroundings) => restore(resolve(operands[0] ?? ""), surroundings);
  },
};

async function restore(file: string, surroundings: Surroundings): Promise<Outcome> {
  const size = await sizeOf(file); // Before a directory is made for it.
  const dataDir = dataDirToWriteIn(surroundings);
  using lock = lockDataDir(dataDir);
  await refuseKept(dataDir);
  const manifest = await bringIn(file, size, lock, surroundings);
  return restoredOutcome(file, dataDir, manifest);
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    throw new CommandError(`${file} is not there; name a backup`, { cause: error });
  }
}

/** First all of it aside, then the blobs, which nobody sees, and last the database, which names them. */
async function bringIn(
  file: string,
  size: number,
  lock: DataDirLock,
  { progress }: Surroundings,
): Promise<Manifest> {
  const blobs = openDiskBlobs(lock.dataDir);
  await using aside = new Aside(blobs);
  await using work = await WorkFolder.at(join(temporaryIn(lock.dataDir), crypto.randomUUID()));
  const databasePath = join(work.path, "iotsupport.db");
  progress.begin("Reading", { of: size, unit: "bytes" });
  const manifest = await readArchive(file, {
    databasePath,
    takeBlob: (bytes) => aside.take(bytes),
    onBytes: (count) => progress.add(count),
  });
  progress.begin("Restoring");
  await aside.keep();
  await placeDatabase(lock, databasePath);
  return manifest;
}

/** Blobs that are on the disk, and not found yet. */
class Aside implements AsyncDisposable {
  readonly #staged: StagedBlob[] = [];
  readonly #finished: FinishedBlob[] = [];

  constructor(private readonly blobs: DiskBlobs) {}

  async take(bytes: AsyncIterable<Uint8Array>): Promise<string> {
    const staged = await this.blobs.stage();
    this.#staged.push(staged);
    for await (const chunk of bytes) await staged.write(chunk);
    const finished = await staged.finish();
    this.#finished.push(finished);
    return finished.sha256;
  }

  async keep(): Promise<void> {
    for (const finished of this.#finished) await finished.keep();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const staged of this.#staged) await staged.discard();
  }
}

async function refuseKept(dataDir: string): Promise<void> {
  if (!hasDatabase(dataDir)) return;
  using reader = openSqliteReader(dataDir);
  if (reader === null || (await reader.isUnused())) return;
  const { configs, assets } = await reader.counts();
  throw new CommandError(
    `${dataDir} is in use, with ${counted(configs, "config")} and ${counted(assets, "asset")}; ` +
      "move its iotsupport.db and blobs away first, or set another DATA_DIR",
  );
}

function restoredOutcome(file: string, dataDir: string, manifest: Manifest): Outcome {
  const { created_at, schema_version, configs, assets, pending_announcements, blobs } = manifest;
  const kept = `${counted(configs, "config")} and ${counted(assets, "asset")} (${bytes(blobs.bytes)})`;
  const waiting = `${counted(pending_announcements, "announcement")} that waited then`;
  return {
    ok: true,
    lines: [
      `${dataDir}: ${kept}, as of ${created_at}`,
      ...(pending_announcements > 0 ? [`${waiting} will go out when the service starts`] : []),
    ],
    report: {
      file,
      data_dir: dataDir,
      created_at,
      schema_version,
      configs,
      assets,
      pending_announcements,
      blobs,
    },
  };
}
