import { type FileHandle, open } from "node:fs/promises";
import { createTarPacker, type TarPackController } from "modern-tar";

export interface ArchiveEntry {
  readonly name: string;
  /** In bytes: exactly as many as `body` gives. */
  readonly size: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Writes a tar archive (POSIX pax, so that no file is too large) into a new file, for this user alone. Its bytes are
 * flushed when this resolves. Holds a few megabytes at a time. `onBytes` hears of each piece, and ends the writing by
 * what it throws.
 */
export async function writeArchive(
  path: string,
  entries: AsyncIterable<ArchiveEntry>,
  madeAt: Date,
  onBytes: (count: number) => void,
): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    const { readable, controller } = createTarPacker();
    const [writing] = await Promise.allSettled([
      writeTo(file, readable),
      pack(controller, entries, madeAt, onBytes),
    ]);
    if (writing.status === "rejected") throw writing.reason; // Whichever of the two failed, this one knows why.
    await file.sync();
  } finally {
    await file.close();
  }
}

async function pack(
  controller: TarPackController,
  entries: AsyncIterable<ArchiveEntry>,
  mtime: Date,
  onBytes: (count: number) => void,
): Promise<void> {
  try {
    for await (const { name, size, body } of entries) {
      const entry = controller.add({ name, size, mtime, mode: 0o600, type: "file" }).getWriter();
      for await (const chunk of body) {
        onBytes(chunk.length);
        await entry.write(chunk);
      }
      await entry.close();
    }
    controller.finalize();
  } catch (error) {
    controller.error(error);
    throw error;
  }
}

async function writeTo(file: FileHandle, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of bytes) {
    for (let offset = 0; offset < chunk.length; ) {
      offset += (await file.write(chunk, offset)).bytesWritten;
    }
  }
}
