/** A rest that can be cut short. A cut that comes before its rest is kept for it. */
export class Rest {
  #wasCut = false;
  #end: (() => void) | null = null;

  async atMost(ms: number): Promise<void> {
    if (!this.#wasCut) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, ms);
      this.#end = resolve;
      await promise;
      clearTimeout(timer);
      this.#end = null;
    }
    this.#wasCut = false;
  }

  cut(): void {
    this.#wasCut = true;
    this.#end?.();
  }
}
