import { existsSync } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { openDiskBlobs } from "../blobs/index.ts";
import { Fault } from "../fault.ts";
import { flush } from "../folder.ts";
import type { Manifest } from "./archive/manifest.ts";
import { readArchive } from "./archive/read-archive.ts";
import { manifestOf, snapshotEntries } from "./archive/snapshot-entries.ts";
import { writeArchive } from "./archive/write-archive.ts";
import { type Command, CommandError, type Outcome, readArguments, type Surroundings } from "./command.ts";
import { dataDirToWriteIn, openKept } from "./data-dir.ts";
import { sha256Of } from "./sha256.ts";
import { takeSnapshot } from "./snapshot.ts";
import { bytes, counted } from "./words.ts";
import { WorkFolder } from "./work-folder.ts";

const HELP = `iotsupport backup FILE [--json]

Copies everything in DATA_DIR into FILE, a tar archive: configs, assets, revisions, and the
announcements that wait. The service may run, and goes on meanwhile: all that it answered before
this began is in the backup. FILE is read back and checked before it gets its name.

  FILE     a new file; one that is there is never overwritten. On its disk there must be room
           for the assets once, and for the database twice.
  --json   prints one JSON object: command, ok, file, bytes, created_at, schema_version, configs, assets,
           pending_announcements, blobs {count, bytes}; or command, ok and error

Exit codes: 0 FILE is there and sound, 1 there is no FILE, 2 typed wrongly.

  iotsupport backup /backups/iotsupport-$(date +%F).tar
  DATA_DIR=/srv/iotsupport iotsupport backup /backups/now.tar --json
  tar -tvf /backups/now.tar      what is in it: manifest.json, iotsupport.db, blobs/<sha256>
`;

export const backupCommand: Command = {
  name: "backup",
  summary: "copies everything into one file, also beside a running service",
  help: HELP,
  plan(args) {
    const { operands } = readArguments(args, {}, ["FILE"]);
    return (surroundings) => backup(resolve(operands[0] ?? ""), surroundings);
  },
};

async function backup(file: string, surroundings: Surroundings): Promise<Outcome> {
  const dataDir = dataDirToWriteIn(surroundings);
  openKept(dataDir)[Symbol.dispose](); // Before anything is made for it.
  refuseExisting(file);
  await using work = await WorkFolder.beside(file, surroundings.now());
  try {
    const archive = join(work.path, "backup.tar");
    const manifest = await write(archive, dataDir, work, surroundings);
    await readBack(archive, work, surroundings);
    refuseExisting(file);
    await rename(archive, file);
    await flush(dirname(file));
    return madeOutcome(file, (await stat(file)).size, manifest);
  } catch (error) {
    if (!isFull(error)) throw error;
    const reason = `the disk of ${file} is full, and nothing was left there; make room, or name another`;
    throw new CommandError(reason, { cause: error });
  }
}

/** The blobs are held until each is in the archive. */
async function write(
  archive: string,
  dataDir: string,
  work: WorkFolder,
  { now, progress }: Surroundings,
): Promise<Manifest> {
  const createdAt = now();
  progress.begin("Copying the database");
  await using held = await openDiskBlobs(dataDir).hold();
  const snapshot = await takeSnapshot(dataDir, held, join(work.path, "snapshot.db"));
  const manifest = await manifestOf(snapshot, createdAt);
  progress.begin("Writing", { of: manifest.database.bytes + manifest.blobs.bytes, unit: "bytes" });
  const entries = snapshotEntries(manifest, snapshot, held);
  await writeArchive(archive, entries, createdAt, (count) => progress.add(count));
  await rm(snapshot.databasePath);
  return manifest;
}

/** As a restore would: from its first byte to its last. */
async function readBack(archive: string, work: WorkFolder, { progress }: Surroundings): Promise<void> {
  progress.begin("Reading it back", { of: (await stat(archive)).size, unit: "bytes" });
  await readArchive(archive, {
    databasePath: join(work.path, "read-back.db"),
    takeBlob: sha256Of,
    onBytes: (count) => progress.add(count),
  });
}

function madeOutcome(file: string, size: number, manifest: Manifest): Outcome {
  const { configs, assets, pending_announcements, created_at, schema_version, blobs } = manifest;
  const kept = `${counted(configs, "config")} and ${counted(assets, "asset")}`;
  return {
    ok: true,
    lines: [`${file}: ${kept}, ${bytes(size)}; read back, and sound`],
    report: { file, bytes: size, created_at, schema_version, configs, assets, pending_announcements, blobs },
  };
}

function refuseExisting(file: string): void {
  if (existsSync(file))
    throw new CommandError(`${file} is there already, and is not overwritten; name a new one`);
}

function isFull(error: unknown): boolean {
  if (error instanceof Fault) return error.code === "STORAGE_FULL";
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}
