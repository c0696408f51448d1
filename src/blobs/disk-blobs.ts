import { statSync } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { flush, makeFolder } from "../folder.ts";
import { Attempts } from "./attempts.ts";
import type { Blobs, ByteRange, FinishedBlob, FoundBlob, HeldBlobs, StagedBlob } from "./blobs.ts";
import { LinkedBlobs } from "./linked-blobs.ts";

const LEFT_OVER_MS = 24 * 60 * 60_000;
const HASH = /^[\da-f]{64}$/;

/**
 * Blobs as files, `blobs/<sha256>`, that come to be as `tmp/<random>`. A name is only ever given to bytes
 * that are flushed, and the name is flushed too, so that a crash leaves temporary files and nothing worse.
 */
export class DiskBlobs implements Blobs {
  readonly #blobs: string;
  readonly #staging: string;
  readonly #attempts = new Attempts();

  /** To write, its folders must be there: `openDiskBlobs` makes them. */
  constructor(dataDir: string) {
    this.#blobs = blobsIn(dataDir);
    this.#staging = temporaryIn(dataDir);
  }

  get trouble(): string | null {
    return this.#attempts.trouble;
  }

  async stage(): Promise<StagedBlob> {
    const path = join(this.#staging, crypto.randomUUID());
    const file = await this.#attempts.make(open(path, "wx", 0o600));
    return new StagedFile(file, path, this.#blobs, this.#attempts);
  }

  open(sha256: string, range?: ByteRange): Blob {
    const path = join(this.#blobs, sha256);
    statSync(path); // Bun looks for it only once the answer is sent, and with it what is counted and logged of it.
    const file = Bun.file(path);
    return range === undefined ? file : file.slice(range.start, range.end + 1);
  }

  exists(sha256: string): Promise<boolean> {
    return Bun.file(join(this.#blobs, sha256)).exists();
  }

  async remove(sha256: string): Promise<void> {
    await rm(join(this.#blobs, sha256), { force: true });
    await flush(this.#blobs); // Else a power cut could bring back what is forgotten by then.
  }

  async hold(): Promise<HeldBlobs> {
    const folder = join(this.#staging, crypto.randomUUID());
    await mkdir(folder, { mode: 0o700 });
    return new LinkedBlobs(this.#blobs, folder);
  }

  async *list(): AsyncIterable<FoundBlob> {
    for (const name of await namesIn(this.#blobs)) {
      const found = HASH.test(name) ? await orNull(stat(join(this.#blobs, name))) : null;
      if (found !== null) yield { sha256: name, size: found.size, writtenAt: found.mtime };
    }
  }

  /** What a crash has left among the temporary files: those that nobody has touched for a day. */
  async leftovers(now: Date): Promise<readonly string[]> {
    const paths = (await namesIn(this.#staging)).map((name) => join(this.#staging, name));
    const found = await Promise.all(paths.map((path) => orNull(stat(path)))); // Who works beside us may be done with one meanwhile.
    return paths.filter((_, at) => now.getTime() - (found[at]?.mtimeMs ?? Number.NaN) > LEFT_OVER_MS);
  }

  async sweep(now: Date): Promise<void> {
    for (const path of await this.leftovers(now)) await rm(path, { force: true, recursive: true });
  }
}

/** Opens the blobs in `dataDir`, whose two folders are made where they are missing. */
export function openDiskBlobs(dataDir: string): DiskBlobs {
  for (const folder of [blobsIn(dataDir), temporaryIn(dataDir)]) makeFolder(folder);
  return new DiskBlobs(dataDir);
}

function blobsIn(dataDir: string): string {
  return join(dataDir, "blobs");
}

/** Where what is not finished lies, on the disk of the data directory: swept of what is a day old. */
export function temporaryIn(dataDir: string): string {
  return join(dataDir, "tmp");
}

class StagedFile implements StagedBlob {
  readonly #hash = new Bun.CryptoHasher("sha256");
  #size = 0;
  #isOpen = true;

  constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    private readonly folder: string,
    private readonly attempts: Attempts,
  ) {}

  async write(chunk: Uint8Array): Promise<void> {
    const written = this.attempts.make(writeAll(this.file, chunk));
    this.#hash.update(chunk); // While the disk is at it.
    this.#size += chunk.length;
    await written;
  }

  async finish(): Promise<FinishedBlob> {
    await this.attempts.make(this.file.sync());
    await this.#close();
    const sha256 = this.#hash.digest("hex");
    return {
      sha256,
      size: this.#size,
      open: () => Bun.file(this.path),
      keep: () => this.#keep(join(this.folder, sha256)),
    };
  }

  async discard(): Promise<void> {
    await this.#close();
    await rm(this.path, { force: true });
  }

  /** One that is there already has the same bytes: to put ours in its place changes nothing for its readers. */
  async #keep(path: string): Promise<void> {
    await this.attempts.make(rename(this.path, path));
    await this.attempts.make(flush(this.folder));
    this.attempts.succeeded();
  }

  async #close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    await this.file.close();
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, offset);
    offset += bytesWritten;
  }
}

/** None where there is no such folder: nothing was kept yet. */
async function namesIn(folder: string): Promise<readonly string[]> {
  return (await orNull(readdir(folder))) ?? [];
}

/** Null where there is no such file (any more). */
async function orNull<T>(look: Promise<T>): Promise<T | null> {
  try {
    return await look;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}
