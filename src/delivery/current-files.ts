import type { FileKey, FileVersion, Store } from "../store/index.ts";
import type { Contents } from "./contents.ts";
import { Recent } from "./recent.ts";

const MOST_REMEMBERED = 20_000;

/**
 * The newest version of each file that was changed or asked for lately. The store tells of each change before
 * it can be announced, so that nobody who was told of a revision is given an older one.
 */
export class CurrentFiles {
  readonly #known = new Recent<Known>(MOST_REMEMBERED);

  /** What is read of a config's bytes along the way, `contents` remembers. */
  constructor(
    private readonly store: Store,
    private readonly contents: Contents,
  ) {
    store.onChange(({ version, revision, ...file }) => this.#learn(file, { revision, version }));
  }

  /** Null where there is no such file, undefined where it takes a look at the store to know. */
  atHand(file: FileKey): FileVersion | null | undefined {
    return this.#known.get(keyOf(file))?.version;
  }

  /** Null where there is no such file. */
  async find(file: FileKey): Promise<FileVersion | null> {
    const known = this.atHand(file);
    return known === undefined ? this.refresh(file) : known;
  }

  /** The same, by a look at the store in any case. */
  async refresh(file: FileKey): Promise<FileVersion | null> {
    const version = await this.#look(file);
    if (version === null) this.#known.delete(keyOf(file));
    else this.#learn(file, { revision: version.revision, version });
    return version;
  }

  /** Never back to a lower revision: a look may end after a change that it has not seen. */
  #learn(file: FileKey, latest: Known): void {
    const key = keyOf(file);
    const known = this.#known.get(key);
    if (known === undefined || known.revision < latest.revision) this.#known.set(key, latest, 1);
  }

  async #look({ kind, name }: FileKey): Promise<FileVersion | null> {
    if (kind === "assets") return this.store.findAsset(name);
    const config = await this.store.findConfig(name);
    if (config !== null) this.contents.remember(config);
    return config?.version ?? null;
  }
}

/** The version is null after a delete, which is a revision too. */
interface Known {
  readonly revision: number;
  readonly version: FileVersion | null;
}

function keyOf({ kind, name }: FileKey): string {
  return `${kind}/${name}`;
}
