import type { Blobs } from "../blobs/index.ts";
import { Fault } from "../fault.ts";
import type { Store } from "../store/index.ts";
import type { Reading } from "./image.ts";
import { readImage } from "./read-image.ts";

const MOST_REMEMBERED = 256;

/** What is known of assets by their bytes: read at the upload, or when it is first asked for. */
export class Images {
  readonly #known = new Map<string, Promise<Reading>>();

  constructor(
    private readonly store: Store,
    private readonly blobs: Blobs,
  ) {}

  /** Of a blob that is there. Asked twice at once, it is read once. */
  find(sha256: string): Promise<Reading> {
    const known = this.#known.get(sha256);
    if (known !== undefined) return known;
    const finding = this.#find(sha256);
    finding.catch(() => this.#known.delete(sha256)); // Whoever asks next may have more luck.
    this.#known.set(sha256, finding);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_REMEMBERED) break;
      this.#known.delete(oldest);
    }
    return finding;
  }

  async #find(sha256: string): Promise<Reading> {
    const kept = await this.store.findReading(sha256);
    if (kept !== null) return parseReading(kept);
    const reading = await readImage(this.blobs.open(sha256));
    await this.store.keepReading(sha256, JSON.stringify(reading)).catch((error) => {
      if (!(error instanceof Fault)) throw error; // A full disk is no reason not to answer; it is read again another time.
    });
    return reading;
  }
}

/** What was kept of it. The store gives back what it was given, so it is read without doubt. */
export function parseReading(kept: string): Reading {
  return JSON.parse(kept) as Reading;
}
