import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory of its own, removed with all that is in it. */
export class TempDir {
  constructor(readonly path: string) {}

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

export async function tempDir(): Promise<TempDir> {
  return new TempDir(await mkdtemp(join(tmpdir(), "iotsupport-test-")));
}
