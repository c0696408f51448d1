import type { NewAsset, NewConfig } from "./store.ts";

/**
 * Files taken over from elsewhere, all in one commit, while no service runs. Disposed of without a `commit`, it
 * leaves nothing that can be seen, and the service collects the blobs.
 */
export interface Takeover extends Disposable {
  /** Before the blob is placed, and before the first save: so that it is collected, should the commit never come. */
  claimBlob(sha256: string): Promise<number>;
  saveConfig(save: NewConfig): Promise<void>;
  saveAsset(save: NewAsset): Promise<void>;
  /** On disk when this answers. */
  commit(): Promise<void>;
}
