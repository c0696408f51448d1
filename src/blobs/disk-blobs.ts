import { type FileHandle, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "../folder.ts";
import { Attempts } from "./attempts.ts";
import type { Blobs, ByteRange, FinishedBlob, StagedBlob } from "./blobs.ts";

const LEFT_OVER_MS = 24 * 60 * 60_000;

/**
 * Blobs as files, `blobs/<sha256>`, that come to be as `tmp/<random>`. A name is only ever given to bytes
 * that are flushed, and the name is flushed too, so that a crash leaves temporary files and nothing worse.
 */
export class DiskBlobs implements Blobs {
  readonly #blobs: string;
  readonly #staging: string;
  readonly #attempts = new Attempts();

  /** Makes its two folders in `dataDir` where they are missing. */
  constructor(dataDir: string) {
    this.#blobs = join(dataDir, "blobs");
    this.#staging = join(dataDir, "tmp");
    for (const folder of [this.#blobs, this.#staging]) makeFolder(folder);
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
    const file = Bun.file(join(this.#blobs, sha256));
    return range === undefined ? file : file.slice(range.start, range.end + 1);
  }

  exists(sha256: string): Promise<boolean> {
    return Bun.file(join(this.#blobs, sha256)).exists();
  }

  async remove(sha256: string): Promise<void> {
    await rm(join(this.#blobs, sha256), { force: true });
    await flushFolder(this.#blobs); // Else a power cut could bring back what is forgotten by then.
  }

  /** Removes temporary files that a crash has left, once they are a day old. */
  async sweep(now: Date): Promise<void> {
    for (const name of await readdir(this.#staging)) {
      const path = join(this.#staging, name);
      const age = now.getTime() - (await stat(path)).mtimeMs;
      if (age > LEFT_OVER_MS) await rm(path, { force: true });
    }
  }
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
    return { sha256, size: this.#size, keep: () => this.#keep(join(this.folder, sha256)) };
  }

  async discard(): Promise<void> {
    await this.#close();
    await rm(this.path, { force: true });
  }

  /** One that is there already has the same bytes: to put ours in its place changes nothing for its readers. */
  async #keep(path: string): Promise<void> {
    await this.attempts.make(rename(this.path, path));
    await this.attempts.make(flushFolder(this.folder));
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

/** The names in a folder are flushed apart from the bytes of its files. */
async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
