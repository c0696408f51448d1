/** Where an image says how its flash is to be read, and what it may say: QIO, QOUT, DIO, DOUT. */
const FLASH_MODE_AT = 2;
const FLASH_MODES = [0, 1, 2, 3];

/** Hashes of what has been read so far, asked for at any moment. */
export class Hashes {
  readonly #md5 = new Bun.CryptoHasher("md5");
  readonly #sha256: Bun.CryptoHasher | null;
  /** As above, of the same bytes with each of the flash modes. */
  readonly #md5OfModes: readonly Bun.CryptoHasher[];
  #isAtStart = true;

  constructor(wanted: { readonly sha256: boolean; readonly flashModes: boolean }) {
    this.#sha256 = wanted.sha256 ? new Bun.CryptoHasher("sha256") : null;
    this.#md5OfModes = wanted.flashModes ? FLASH_MODES.map(() => new Bun.CryptoHasher("md5")) : [];
  }

  /** The first piece has the flash mode in it. */
  update(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#md5.update(piece);
    this.#sha256?.update(piece);
    for (const [mode, md5] of this.#md5OfModes.entries()) {
      md5.update(this.#isAtStart ? withByte(piece, FLASH_MODE_AT, mode) : piece);
    }
    this.#isAtStart = false;
  }

  get md5(): string {
    return this.#md5.copy().digest("hex");
  }

  get sha256(): string {
    return this.#sha256?.copy().digest("hex") ?? "";
  }

  /** One for each flash mode, and that of the bytes as they are. */
  get md5s(): readonly string[] {
    return [this.md5, ...this.#md5OfModes.map((md5) => md5.copy().digest("hex"))];
  }
}

function withByte(piece: Uint8Array, at: number, byte: number): Uint8Array {
  const copy = piece.slice();
  if (at < copy.length) copy[at] = byte;
  return copy;
}
