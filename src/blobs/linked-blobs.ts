import { link, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { HeldBlobs } from "./blobs.ts";

/** Blobs that are held by a second name each: a file stays as long as it has one. */
export class LinkedBlobs implements HeldBlobs {
  readonly #held = new Set<string>();

  /** `folder` is empty, of the same disk as `blobs`, and goes with this. */
  constructor(
    private readonly blobs: string,
    private readonly folder: string,
  ) {}

  async add(sha256s: readonly string[]): Promise<readonly string[]> {
    for (const sha256 of sha256s) {
      if (!this.#held.has(sha256) && (await this.#link(sha256))) this.#held.add(sha256);
    }
    return sha256s.filter((sha256) => !this.#held.has(sha256));
  }

  open(sha256: string): Blob {
    return Bun.file(join(this.folder, sha256));
  }

  async release(sha256: string): Promise<void> {
    this.#held.delete(sha256);
    await unlink(join(this.folder, sha256));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  /** False where there is none. */
  async #link(sha256: string): Promise<boolean> {
    try {
      await link(join(this.blobs, sha256), join(this.folder, sha256));
      return true;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
      throw error;
    }
  }
}
