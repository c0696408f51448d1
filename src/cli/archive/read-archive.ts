import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import * as v from "valibot";
import { SCHEMA_VERSION } from "../../store/index.ts";
import { checkDatabase } from "./check-database.ts";
import { Entries, stranger } from "./entries.ts";
import { ArchiveError, blobNamedBy, entryNames, FORMAT_VERSION, Manifest } from "./manifest.ts";

const MANIFEST_MAX_BYTES = 64 * 1024;

/** Where a backup's parts go while it is read. */
export interface ReadInto {
  /** A new file for the database. */
  readonly databasePath: string;
  /** Takes all of a blob's bytes, and answers their SHA-256 in lower-case hex. */
  readonly takeBlob: (bytes: AsyncIterable<Uint8Array>) => Promise<string>;
  /** Hears of bytes as they are read; ends the reading by what it throws. */
  readonly onBytes: (count: number) => void;
}

/**
 * Reads a backup from its first byte to its last, and holds all of it against what it should be: every hash, every
 * count, the database's own integrity, and that it has each blob that its database names, and nothing else. Throws
 * `ArchiveError` for what is not so.
 */
export async function readArchive(path: string, into: ReadInto): Promise<Manifest> {
  if (!(await stat(path)).isFile()) throw new ArchiveError(`${path} is not a file`);
  const entries = new Entries(path, into.onBytes);
  try {
    const manifest = readManifest(path, await entries.text(entryNames.manifest, MANIFEST_MAX_BYTES));
    const database = await entries.expect(entryNames.database);
    const sha256 = await write(entries.bytesOf(database), into.databasePath);
    if (sha256 !== manifest.database.sha256 || database.header.size !== manifest.database.bytes) {
      throw new ArchiveError(`${path} is damaged: its database is not the one that was backed up`);
    }
    const blobs = await readBlobs(path, entries, into);
    await checkDatabase(path, into.databasePath, manifest, blobs);
    return manifest;
  } finally {
    await entries.close();
  }
}

/** The size of each blob, by its hash. */
async function readBlobs(
  path: string,
  entries: Entries,
  { takeBlob }: ReadInto,
): Promise<ReadonlyMap<string, number>> {
  const blobs = new Map<string, number>();
  for (let entry = await entries.next(); entry !== null; entry = await entries.next()) {
    const { name, size } = entry.header;
    const sha256 = blobNamedBy(name);
    if (sha256 === null || blobs.has(sha256)) throw stranger(path, entry);
    if ((await takeBlob(entries.bytesOf(entry))) !== sha256) {
      throw new ArchiveError(`${path} is damaged: the bytes of ${name} have another hash`);
    }
    blobs.set(sha256, size);
  }
  return blobs;
}

function readManifest(path: string, text: string): Manifest {
  const { format_version: format, schema_version: schema } = peek(text);
  if (typeof format === "number" && format > FORMAT_VERSION) {
    throw new ArchiveError(
      `${path} was made by a newer program (format ${format}, ours is ${FORMAT_VERSION})`,
    );
  }
  if (typeof schema === "number" && schema > SCHEMA_VERSION) {
    throw new ArchiveError(
      `${path} holds a database of version ${schema}, newer than this program's ${SCHEMA_VERSION}; use the newer program`,
    );
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Manifest), text);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const where = v.getDotPath(issue) ?? "the whole";
  throw new ArchiveError(
    `${path} is no backup, or damaged: in ${entryNames.manifest}, ${where}: ${issue.message}`,
  );
}

/** What a manifest of any version says of itself. */
function peek(text: string): Readonly<Record<string, unknown>> {
  try {
    return { ...JSON.parse(text) };
  } catch {
    return {}; // What is wrong with it is said by who reads the rest.
  }
}

async function write(bytes: AsyncIterable<Uint8Array>, path: string): Promise<string> {
  const hash = new Bun.CryptoHasher("sha256");
  const hashed = async function* () {
    for await (const chunk of bytes) {
      hash.update(chunk);
      yield chunk;
    }
  };
  await pipeline(hashed(), createWriteStream(path, { flags: "wx", mode: 0o600 }));
  return hash.digest("hex");
}
