/** Bytes as they come, read once from front to back, with a few looked at ahead. At their end, reads come short. */
export class Bytes {
  /** How many have been read. */
  position = 0;
  #ahead: Uint8Array = new Uint8Array();

  /** `heard` is told of each byte, in order, when it is read. */
  constructor(
    private readonly pieces: AsyncIterator<Uint8Array>,
    private readonly heard: (piece: Uint8Array) => void,
  ) {}

  /** The next ones, which stay to be read. */
  async peek(length: number): Promise<Uint8Array> {
    while (this.#ahead.length < length) {
      const next = await this.pieces.next();
      if (next.done === true) break;
      this.#ahead = this.#ahead.length === 0 ? next.value : Buffer.concat([this.#ahead, next.value]);
    }
    return this.#ahead.subarray(0, length);
  }

  /** The next ones together: so few that they are held in memory. */
  async read(length: number): Promise<Uint8Array> {
    return this.#take((await this.peek(length)).length);
  }

  /** Reads on, piece by piece, and answers how many there were. */
  async pass(length: number, each: (piece: Uint8Array) => void = () => {}): Promise<number> {
    let passed = 0;
    while (passed < length) {
      await this.peek(1);
      const piece = this.#take(Math.min(length - passed, this.#ahead.length));
      if (piece.length === 0) break;
      each(piece);
      passed += piece.length;
    }
    return passed;
  }

  #take(length: number): Uint8Array {
    const taken = this.#ahead.subarray(0, length);
    this.#ahead = this.#ahead.subarray(length);
    this.position += taken.length;
    this.heard(taken);
    return taken;
  }
}
