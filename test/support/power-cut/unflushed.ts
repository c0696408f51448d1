/** Whether a change that was not flushed is there after the power cut all the same. */
export type Survives = () => boolean;

/** Something with changes of which only those that were flushed are sure to outlast a power cut. */
export class Unflushed<Change> {
  #flushed: Change[] = [];
  #pending: { readonly at: number; readonly change: Change }[] = [];

  /** `at`: so many calls had returned with this one. */
  add(at: number, change: Change): void {
    this.#pending.push({ at, change });
  }

  /** Flushes what was there after so many calls. */
  flush(upTo: number): void {
    const first = this.#pending.findIndex(({ at }) => at > upTo);
    const flushed = this.#pending.splice(0, first === -1 ? this.#pending.length : first);
    this.#flushed.push(...flushed.map(({ change }) => change));
  }

  /** The changes that outlast a cut now, in their order. `inOrder`: none does that comes after one that does not. */
  outlasting(survives: Survives, inOrder: boolean): readonly Change[] {
    const pending = this.#pending.map(({ change }) => change);
    const lost = inOrder ? pending.findIndex(() => !survives()) : -1;
    const kept = inOrder
      ? pending.slice(0, lost === -1 ? undefined : lost)
      : pending.filter(() => survives());
    return [...this.#flushed, ...kept];
  }
}
