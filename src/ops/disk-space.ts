import { statfs } from "node:fs/promises";

/** Room on a file system as `df` tells it, in bytes; `NaN` where it could not be learnt. */
export interface DiskSpace {
  /** What is free for an account without privileges. */
  readonly freeBytes: number;
  /** That and what is used. */
  readonly sizeBytes: number;
}

const DEADLINE_MS = 1_000;
const UNKNOWN: DiskSpace = { freeBytes: Number.NaN, sizeBytes: Number.NaN };

/**
 * Looks at the file system that a folder lies on. A disk that hangs holds nobody up: who asks is answered within a
 * second, and however many ask, one look is under way.
 */
export class Disk {
  #look: Promise<DiskSpace> | null = null;

  constructor(private readonly folder: string) {}

  async space(): Promise<DiskSpace> {
    this.#look ??= look(this.folder).finally(() => {
      this.#look = null;
    });
    const late = Promise.withResolvers<DiskSpace>();
    const deadline = setTimeout(() => late.resolve(UNKNOWN), DEADLINE_MS);
    try {
      return await Promise.race([this.#look, late.promise]);
    } finally {
      clearTimeout(deadline);
    }
  }
}

async function look(folder: string): Promise<DiskSpace> {
  try {
    const { bsize, blocks, bfree, bavail } = await statfs(folder);
    return { freeBytes: bavail * bsize, sizeBytes: (blocks - bfree + bavail) * bsize };
  } catch {
    return UNKNOWN; // The folder is gone, or its disk answers with errors: the store has its own word on that.
  }
}
