import { constants, open, readFile } from "node:fs/promises";

/** Large enough that a disk reads as fast as it can. */
const PIECE_BYTES = 1024 * 1024;

/** Not through a link, and without a wait for who might write into a pipe: what was plain may be so no more. */
const PLAIN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Fails with the system's own error where the file cannot be read. */
export async function checkIsReadable(path: string): Promise<void> {
  await (await open(path, PLAIN)).close();
}

/** All of a file's bytes at once. Fails with the system's own error. */
export async function readWhole(path: string): Promise<Uint8Array> {
  return await readFile(path, { flag: PLAIN });
}

/** A file's bytes, in pieces. Fails with the system's own error. */
export async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path, PLAIN);
  try {
    yield* file.createReadStream({ highWaterMark: PIECE_BYTES, autoClose: false });
  } finally {
    await file.close();
  }
}
