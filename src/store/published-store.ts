import type { FileKey } from "./file-key.ts";

/** What another system was shown of a device's file: where, and digests of what; empty where that is not known. */
export interface Published extends FileKey {
  readonly mac: string;
  readonly topic: string;
  readonly configDigest: string;
  readonly stateDigest: string;
  /**
   * Names of what was shown there and may be left out the next time, with spaces between them: the other system goes on
   * with it until all is taken back.
   */
  readonly optional: string;
  /** Whether it was taken back: a broker that was killed since may have forgotten that. */
  readonly isGone: boolean;
}

/** What was shown is kept, so that over a restart only what differs is shown again, and what is gone is taken back. */
export interface PublishedStore {
  listPublished(mac: string): Promise<readonly Published[]>;
  /** The MACs of all devices, and of those of which something is known here: those after this one, in order. */
  listMacs(after: string, most: number): Promise<readonly string[]>;
  /**
   * Notes what was shown, and what was taken back, which is remembered for a day from the first time on (of the newest
   * 100,000); and the mark that was published after them (null: the one before stands).
   */
  notePublished(shown: readonly Published[], gone: readonly Published[], mark: string | null): Promise<void>;
  /** The mark of what was noted last; null: nothing was. */
  readMark(): Promise<string | null>;
}
