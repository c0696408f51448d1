import type { Dirent } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "../command.ts";

/** A plain file that may be taken over. */
export interface Candidate {
  readonly name: string;
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

/** A file that is not taken over, and why. */
export interface LeftOut {
  readonly file: string;
  readonly reason: string;
}

export interface Scan {
  readonly candidates: readonly Candidate[];
  /** What stops the import: something that the older system may have served. */
  readonly refused: readonly LeftOut[];
  /** What it never served. */
  readonly ignored: readonly LeftOut[];
}

/** What lies in a directory, sorted by name; nothing of it is opened. Throws `CommandError` where it is none. */
export async function scan(directory: string): Promise<Scan> {
  const candidates: Candidate[] = [];
  const refused: LeftOut[] = [];
  const ignored: LeftOut[] = [];
  for (const entry of await entriesOf(directory)) {
    const { name } = entry;
    const path = join(directory, name);
    if (name.startsWith(".")) ignored.push({ file: path, reason: "is a hidden file" });
    else if (entry.isDirectory()) ignored.push({ file: path, reason: "is a directory" });
    else if (entry.isSymbolicLink())
      refused.push({ file: path, reason: "is a symbolic link; put the file itself in its place" });
    else if (name.includes("\uFFFD")) refused.push({ file: path, reason: "has a name that is not UTF-8" });
    else if (!entry.isFile()) refused.push({ file: path, reason: "is not a plain file" });
    else candidates.push({ name, path, size: (await lstat(path)).size });
  }
  return { candidates, refused, ignored };
}

async function entriesOf(directory: string): Promise<readonly Dirent[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(`${directory} cannot be read as a directory: ${reason}`, { cause });
  }
}
