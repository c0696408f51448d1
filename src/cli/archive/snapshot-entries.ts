import packageManifest from "../../../package.json" with { type: "json" };
import type { HeldBlobs } from "../../blobs/index.ts";
import type { NamedBlob } from "../../store/index.ts";
import { CommandError } from "../command.ts";
import { sha256Of } from "../sha256.ts";
import type { Snapshot } from "../snapshot.ts";
import { entryNames, FORMAT_VERSION, type Manifest } from "./manifest.ts";
import type { ArchiveEntry } from "./write-archive.ts";

/** What a snapshot's backup says of itself. Reads the database's copy to its end. */
export async function manifestOf(snapshot: Snapshot, createdAt: Date): Promise<Manifest> {
  const { databasePath, schemaVersion, counts, blobs } = snapshot;
  const database = Bun.file(databasePath);
  return {
    format: "iotsupport backup",
    format_version: FORMAT_VERSION,
    iotsupport_version: packageManifest.version,
    schema_version: schemaVersion,
    created_at: createdAt.toISOString(),
    configs: counts.configs,
    assets: counts.assets,
    pending_announcements: counts.pendingAnnouncements,
    database: { bytes: database.size, sha256: await sha256Of(database.stream()) },
    blobs: { count: blobs.length, bytes: blobs.reduce((sum, { size }) => sum + size, 0) },
  };
}

/** What a backup consists of, in its order. Each blob is let go once it was read. */
export async function* snapshotEntries(
  manifest: Manifest,
  { databasePath, blobs }: Snapshot,
  held: HeldBlobs,
): AsyncIterable<ArchiveEntry> {
  const text = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  yield { name: entryNames.manifest, size: text.length, body: new Blob([text]).stream() };
  const size = manifest.database.bytes;
  yield { name: entryNames.database, size, body: Bun.file(databasePath).stream() };
  for (const blob of blobs) {
    yield { name: entryNames.blob(blob.sha256), size: blob.size, body: soundBytes(blob, held) };
    await held.release(blob.sha256);
  }
}

/** A blob's bytes. Throws `CommandError` where they are not those that were uploaded. */
async function* soundBytes(
  { sha256, size, filename }: NamedBlob,
  held: HeldBlobs,
): AsyncGenerator<Uint8Array> {
  const hash = new Bun.CryptoHasher("sha256");
  let read = 0;
  for await (const chunk of held.open(sha256).stream()) {
    hash.update(chunk);
    read += chunk.length;
    if (read > size) break;
    yield chunk;
  }
  if (read === size && hash.digest("hex") === sha256) return;
  throw new CommandError(
    `asset ${filename} is damaged: blobs/${sha256} in DATA_DIR has other bytes than were uploaded; upload it again`,
  );
}
