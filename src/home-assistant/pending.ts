import type { FileKey, FleetStore, PublishedStore } from "../store/index.ts";

/** No more than these are remembered one by one: for the others, everything is looked at. */
const MOST_CHANGED = 20_000;
const MOST_FILES = 1_000;

/** One in so many is kept for the users of files, and one for all, however many change. */
const KEPT_OF = 4;

/** A device to be looked at. */
export interface Taken {
  readonly mac: string;
  /** It is to be shown again though nothing changed. */
  readonly isAgain: boolean;
}

/** How far all were looked at, and whether they are to be shown again. */
interface All {
  readonly after: string;
  readonly isAgain: boolean;
}

/**
 * Which devices are to be looked at next: those that changed first, then users of a file that did, then all, if all are to
 * be; but each of these always gets on.
 */
export class Pending {
  readonly #changed = new Set<string>();
  /** Assets that changed, and how far their users were looked at. */
  readonly #files = new Map<string, string>();
  /** Null where they need not be looked at. */
  #all: All | null = null;
  /** Whether all are to be looked at once more after that. */
  #isAllDue = false;

  constructor(
    private readonly fleet: FleetStore,
    private readonly published: PublishedStore,
  ) {}

  /** Whether some are still to be shown again. */
  get isShowingAgain(): boolean {
    return this.#all?.isAgain ?? false;
  }

  add(macs: readonly string[]): void {
    for (const mac of macs) {
      if (this.#changed.size < MOST_CHANGED || this.#changed.has(mac)) this.#changed.add(mac);
      else this.addAll(false);
    }
  }

  addFile({ kind, name }: FileKey): void {
    if (kind === "configs") this.add([name]);
    else if (this.#files.size < MOST_FILES || this.#files.has(name)) this.#files.set(name, "");
    else this.addAll(false);
  }

  /**
   * Again: also what did not change, from the beginning. Otherwise, where they are being looked at, it is once more after
   * that: begun anew each time, the last of them would never have their turn.
   */
  addAll(isAgain: boolean): void {
    if (isAgain || this.#all === null)
      this.#all = { after: "", isAgain: isAgain || (this.#all?.isAgain ?? false) };
    else this.#isAllDue = true;
  }

  /** Those that were taken, and could not be shown. */
  putBack(taken: readonly Taken[]): void {
    for (const { mac, isAgain } of taken) {
      this.add([mac]);
      if (isAgain) this.addAll(true);
    }
  }

  /** The next devices, at most so many; none where nothing is to be looked at. */
  async take(most: number): Promise<readonly Taken[]> {
    const kept = Math.ceil(most / KEPT_OF);
    const keptForAll = this.#all === null ? 0 : kept;
    const keptForUsers = this.#files.size === 0 ? 0 : kept;
    const macs = new Set([...this.#changed].slice(0, most - keptForAll - keptForUsers));
    for (const mac of macs) this.#changed.delete(mac);
    await this.#addUsers(macs, most - keptForAll);
    const changed = [...macs].map((mac) => ({ mac, isAgain: false }));
    const all = this.#all;
    const room = most - changed.length;
    if (all === null || room === 0) return changed;
    const others = await this.published.listMacs(all.after, room);
    if (this.#all === all) this.#all = this.#afterwards(all, others, room);
    return [...changed, ...others.map((mac) => ({ mac, isAgain: all.isAgain }))];
  }

  /** How far all were looked at with these, of at most so many. */
  #afterwards(all: All, others: readonly string[], room: number): All | null {
    const last = others.at(-1);
    if (last !== undefined && others.length === room) return { ...all, after: last };
    if (!this.#isAllDue) return null;
    this.#isAllDue = false;
    return { after: "", isAgain: false };
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
