import type { Blobs, ByteRange } from "../blobs/index.ts";
import type { Offer } from "./offer.ts";
import { Recent } from "./recent.ts";

const MOST_BYTES = 32 * 1024 * 1024;
/** What is larger is read from the disk each time: a few of them would leave no room for others. */
const LARGEST_BYTES = 4 * 1024 * 1024;
const MOST_ASKED = 1_000;

/** An answer of so many bytes is in the kernel's hands at once, whoever reads it, and how slowly. */
export const AT_ONCE_BYTES = 256 * 1024;

/**
 * The bytes of assets: from the disk, sent by the kernel itself (sendfile), or from memory once the asset was asked for
 * again, which is twice as fast. Bytes never change, they only leave.
 *
 * They are kept as a Blob, whose bytes all answers share: of an array, Bun makes a copy for each, which stays until a slow
 * reader has the last byte (300 of them with 4 MiB: 1.3 GB, and 2 MB with a Blob).
 */
export class AssetBytes {
  readonly #bytes = new Recent<Blob>(MOST_BYTES);
  readonly #asked = new Recent<true>(MOST_ASKED);
  #isReading = false;

  constructor(private readonly blobs: Blobs) {}

  open(offer: Offer, range?: ByteRange): Blob {
    const bytes = this.#bytes.get(offer.sha256);
    if (bytes !== undefined) return partOf(bytes, range);
    if (this.#isWorthMemory(offer)) void this.#remember(offer);
    return this.blobs.open(offer.sha256, range);
  }

  /** What is short, and in memory; else null. */
  atHand(offer: Offer, range?: ByteRange): Blob | null {
    if (lengthOf(offer, range) > AT_ONCE_BYTES) return null;
    const bytes = this.#bytes.get(offer.sha256);
    return bytes === undefined ? null : partOf(bytes, range);
  }

  /** Asked for again, not too large, and not while another is read: it will be asked for once more. */
  #isWorthMemory({ sha256, size }: Offer): boolean {
    const wasAsked = this.#asked.get(sha256) !== undefined;
    this.#asked.set(sha256, true, 1);
    return wasAsked && size <= LARGEST_BYTES && !this.#isReading;
  }

  async #remember({ sha256, size }: Offer): Promise<void> {
    this.#isReading = true;
    try {
      const bytes = await this.blobs.open(sha256).bytes();
      if (bytes.length === size) this.#bytes.set(sha256, new Blob([bytes]), size);
    } catch {
      // Removed meanwhile, or the disk fails: whoever asked is told by an answer from the disk.
    } finally {
      this.#isReading = false;
    }
  }
}

function partOf(bytes: Blob, range?: ByteRange): Blob {
  return range === undefined ? bytes : bytes.slice(range.start, range.end + 1);
}

function lengthOf({ size }: Offer, range?: ByteRange): number {
  return range === undefined ? size : range.end - range.start + 1;
}
