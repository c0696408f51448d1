import type { Blobs } from "../blobs/index.ts";
import type { Caller } from "../caller.ts";
import type { Store } from "../store/index.ts";
import { answerWhole, answerWithRanges } from "./answer.ts";
import { AssetBytes } from "./asset-bytes.ts";
import { Contents } from "./contents.ts";
import { CurrentFiles } from "./current-files.ts";
import { offer, offerAtHand } from "./offer.ts";

/** Answers a GET or HEAD with the bytes that its caller is offered, whichever door was asked. */
export class Delivery {
  readonly #contents: Contents;
  readonly #current: CurrentFiles;
  readonly #assetBytes: AssetBytes;

  constructor(store: Store, blobs: Blobs) {
    this.#contents = new Contents(store);
    this.#current = new CurrentFiles(store, this.#contents);
    this.#assetBytes = new AssetBytes(blobs);
  }

  /** Null where there is no such config. */
  async config(mac: string, caller: Caller, request: Request): Promise<Response | null> {
    const file = { kind: "configs", name: mac } as const;
    for (;;) {
      const offered = await offer(this.#current, file, caller);
      if (offered === null) return null;
      const bytes = await this.#contents.find(mac, offered.sha256);
      if (bytes !== null) return answerWhole(request, offered, bytes);
      await this.#current.refresh(file); // Saved again between the two looks.
    }
  }

  /** The same answer where it can be made from memory; null also where that takes a look at the store. */
  configAtHand(mac: string, caller: Caller, request: Request): Response | null {
    const offered = offerAtHand(this.#current, { kind: "configs", name: mac }, caller);
    const bytes = offered === null ? undefined : this.#contents.atHand(offered.sha256);
    return offered === null || bytes === undefined ? null : answerWhole(request, offered, bytes);
  }

  /** Null where there is no such asset. */
  async asset(filename: string, caller: Caller, request: Request): Promise<Response | null> {
    const offered = await offer(this.#current, { kind: "assets", name: filename }, caller);
    if (offered === null) return null;
    return answerWithRanges(request, offered, (range) => this.#assetBytes.open(offered, range));
  }

  /** The same answer where it is short and can be made from memory; null also where not. */
  assetAtHand(filename: string, caller: Caller, request: Request): Response | null {
    const offered = offerAtHand(this.#current, { kind: "assets", name: filename }, caller);
    if (offered === null) return null;
    return answerWithRanges(request, offered, (range) => this.#assetBytes.atHand(offered, range));
  }
}
