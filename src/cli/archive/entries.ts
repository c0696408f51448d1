import type { ReadableStreamDefaultReader } from "node:stream/web";
import { createTarDecoder, type ParsedTarEntry } from "modern-tar";
import { ArchiveError } from "./manifest.ts";

/**
 * An archive's entries, one after the other: each is read to its end before the next is asked for. Throws
 * `ArchiveError` for what is no tar archive, and for what is no plain file.
 */
export class Entries {
  readonly #entries: ReadableStreamDefaultReader<ParsedTarEntry>;

  constructor(
    private readonly path: string,
    private readonly onBytes: (count: number) => void,
  ) {
    this.#entries = Bun.file(path)
      .stream()
      .pipeThrough(createTarDecoder({ strict: true }))
      .getReader();
  }

  /** The next entry, which is a plain file; null at the archive's end. */
  async next(): Promise<ParsedTarEntry | null> {
    const { value } = await this.#entries.read().catch((cause) => this.#broken(cause));
    if (value === undefined) return null;
    if (value.header.type !== "file") throw stranger(this.path, value);
    return value;
  }

  async expect(name: string): Promise<ParsedTarEntry> {
    const entry = await this.next();
    if (entry === null) throw new ArchiveError(`${this.path} is no backup, or cut short: it has no ${name}`);
    if (entry.header.name !== name) throw stranger(this.path, entry);
    return entry;
  }

  async text(name: string, maxBytes: number): Promise<string> {
    const entry = await this.expect(name);
    if (entry.header.size > maxBytes)
      throw new ArchiveError(`${this.path} is no backup: its ${name} is too large`);
    const chunks = await Array.fromAsync(this.bytesOf(entry));
    return Buffer.concat(chunks).toString();
  }

  async *bytesOf({ body }: ParsedTarEntry): AsyncGenerator<Uint8Array> {
    const reader = body.getReader();
    for (;;) {
      const { value } = await reader.read().catch((cause) => this.#broken(cause));
      if (value === undefined) return;
      this.onBytes(value.length);
      yield value;
    }
  }

  async close(): Promise<void> {
    await this.#entries.cancel().catch(() => {}); // It failed already, which was told.
  }

  /** What the decoder says of what is no tar archive; what the disk says of the file stays as it is. */
  #broken(cause: unknown): never {
    if (!(cause instanceof Error) || "code" in cause) throw cause;
    throw new ArchiveError(`${this.path} is no backup, or damaged or cut short: ${cause.message}`, { cause });
  }
}

/** What an archive of ours has nowhere, or not there. */
export function stranger(path: string, { header: { name, type } }: ParsedTarEntry): ArchiveError {
  return new ArchiveError(`${path} has what no backup has in that place: ${type} ${JSON.stringify(name)}`);
}
