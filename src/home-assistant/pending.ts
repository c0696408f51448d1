import type { FileKey, FleetStore, PublishedStore } from "../store/index.ts";

/** More than these are not remembered one by one: then everything is looked at. */
const MOST_CHANGED = 20_000;
const MOST_FILES = 1_000;

/** A device to be looked at. */
export interface Taken {
  readonly mac: string;
  /** It is to be shown again though nothing changed. */
  readonly isAgain: boolean;
  /** What it was seen to have is forgotten: all that was shown of it is to be taken back first. */
  readonly isForgotten: boolean;
}

/** Which devices are to be looked at next: those that changed first, then users of a file that did, then all, if all are to be. */
export class Pending {
  readonly #changed = new Set<string>();
  readonly #forgotten = new Set<string>();
  /** Assets that changed, and how far their users were looked at. */
  readonly #files = new Map<string, string>();
  /** How far all were looked at, and whether they are to be shown again; null where they need not be looked at. */
  #all: { readonly after: string; readonly isAgain: boolean } | null = null;

  constructor(
    private readonly fleet: FleetStore,
    private readonly published: PublishedStore,
  ) {}

  /** Whether some are still to be shown again. */
  get isShowingAgain(): boolean {
    return this.#all?.isAgain ?? false;
  }

  add(macs: readonly string[], areForgotten = false): void {
    for (const mac of macs) {
      this.#changed.add(mac);
      if (areForgotten) this.#forgotten.add(mac);
    }
    if (this.#changed.size <= MOST_CHANGED) return;
    this.#changed.clear();
    this.addAll(false);
  }

  addFile({ kind, name }: FileKey): void {
    if (kind === "configs") {
      this.add([name]);
      return;
    }
    this.#files.set(name, "");
    if (this.#files.size <= MOST_FILES) return;
    this.#files.clear();
    this.addAll(false);
  }

  /** From the beginning, also where they are being looked at. Again: also what did not change. */
  addAll(isAgain: boolean): void {
    this.#all = { after: "", isAgain: isAgain || (this.#all?.isAgain ?? false) };
  }

  /** Those that were taken, and could not be shown. */
  putBack(taken: readonly Taken[]): void {
    for (const { mac, isAgain, isForgotten } of taken) {
      this.add([mac], isForgotten);
      if (isAgain) this.addAll(true);
    }
  }

  /** The next devices, at most so many; none where nothing is to be looked at. */
  async take(most: number): Promise<readonly Taken[]> {
    const macs = new Set([...this.#changed].slice(0, most));
    for (const mac of macs) this.#changed.delete(mac);
    await this.#addUsers(macs, most);
    const asTaken = (mac: string, isAgain: boolean) => ({
      mac,
      isAgain,
      isForgotten: this.#forgotten.delete(mac),
    });
    const changed = [...macs].map((mac) => asTaken(mac, false));
    const all = this.#all;
    const room = most - changed.length;
    if (all === null || room === 0) return changed;
    const others = await this.published.listMacs(all.after, room);
    if (this.#all === all) {
      const last = others.at(-1);
      this.#all = last === undefined || others.length < room ? null : { ...all, after: last };
    }
    return [...changed, ...others.map((mac) => asTaken(mac, all.isAgain))];
  }

  async #addUsers(macs: Set<string>, most: number): Promise<void> {
    for (const [name, after] of this.#files) {
      if (macs.size >= most) return;
      const room = most - macs.size;
      const users = await this.fleet.listUsers({ kind: "assets", name }, after, room);
      for (const mac of users) macs.add(mac);
      if (this.#files.get(name) !== after) continue; // It changed again: its users' turn comes anew.
      if (users.length < room) this.#files.delete(name);
      else this.#files.set(name, users.at(-1) ?? "");
    }
  }
}
