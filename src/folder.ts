import { closeSync, fsyncSync, mkdirSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * Makes a folder, and those above it, where they are missing, for this account alone. Their names are flushed: what is
 * flushed into them later would else be gone with them after a power cut.
 */
export function makeFolder(path: string): void {
  const highest = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (highest === undefined) return;
  for (let made = resolve(path); made.length >= resolve(highest).length; made = dirname(made)) {
    flushFolder(dirname(made));
  }
}

/** Flushes a file's bytes, or a folder's names: these are flushed apart from the bytes of what they name. */
export async function flush(path: string): Promise<void> {
  const opened = await open(path, "r");
  try {
    await opened.sync();
  } finally {
    await opened.close();
  }
}

/** Flushes the names of what is in a folder, at once. */
export function flushFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
