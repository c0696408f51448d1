import type { Config, Store } from "../store/index.ts";
import { Recent } from "./recent.ts";

const MOST_BYTES = 16 * 1024 * 1024;
/** What remembering a content takes besides its bytes: most configs are small. */
const ENTRY_BYTES = 512;

/** The bytes of configs, remembered by their hash while they are asked for. They never change, they only leave. */
export class Contents {
  readonly #bytes = new Recent<Uint8Array<ArrayBuffer>>(MOST_BYTES);

  constructor(private readonly store: Store) {}

  /** The bytes of this hash where they are remembered. */
  atHand(sha256: string): Uint8Array<ArrayBuffer> | undefined {
    return this.#bytes.get(sha256);
  }

  /** The bytes of this hash; null where the config has others by now. */
  async find(mac: string, sha256: string): Promise<Uint8Array<ArrayBuffer> | null> {
    const remembered = this.atHand(sha256);
    if (remembered !== undefined) return remembered;
    const config = await this.store.findConfig(mac);
    if (config === null || config.version.sha256 !== sha256) return null;
    this.remember(config);
    return config.content;
  }

  remember({ version, content }: Config): void {
    this.#bytes.set(version.sha256, content, content.length + ENTRY_BYTES);
  }
}
