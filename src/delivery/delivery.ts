import type { Blobs, ByteRange } from "../blobs/index.ts";
import { notResumable } from "../fault.ts";
import type { FileKey, Store } from "../store/index.ts";
import { answerWhole, answerWithRanges, checkIsMeant, hasIt, notModified } from "./answer.ts";
import type { Ask, Audience } from "./ask.ts";
import { AssetBytes, AT_ONCE_BYTES } from "./asset-bytes.ts";
import { Contents } from "./contents.ts";
import { CurrentFiles } from "./current-files.ts";
import { type Offer, offer, offerAtHand, offerRevision } from "./offer.ts";
import { type Footing, newestOn, Resumption, type ResumptionRules } from "./resumption.ts";
import { bearSlowReader } from "./slow-reader.ts";

/** Answers a GET or HEAD with the bytes that its caller is offered, whichever door was asked. */
export class Delivery {
  readonly #contents: Contents;
  readonly #current: CurrentFiles;
  readonly #assetBytes: AssetBytes;
  readonly #resumption: Resumption;

  constructor(
    private readonly store: Store,
    blobs: Blobs,
    private readonly audience: Audience,
    rules: ResumptionRules,
  ) {
    this.#contents = new Contents(store);
    this.#current = new CurrentFiles(store, this.#contents);
    this.#assetBytes = new AssetBytes(blobs);
    this.#resumption = new Resumption(store, rules);
  }

  /** Null where there is no such config. */
  async config(mac: string, ask: Ask): Promise<Response | null> {
    const file = { kind: "configs", name: mac } as const;
    for (;;) {
      const offered = await offer(this.#current, file, ask.caller);
      if (offered === null) return this.#missed(ask, file);
      const bytes = await this.#contents.find(mac, offered.sha256);
      if (bytes !== null) return this.#answered(ask, offered, answerWhole(ask.request, offered, bytes));
      await this.#current.refresh(file); // Saved again between the two looks.
    }
  }

  /** The same answer to a GET where it can be made from memory; null also where that takes a look at the store. */
  configAtHand(mac: string, ask: Ask): Response | null {
    const offered = offerAtHand(this.#current, { kind: "configs", name: mac }, ask.caller);
    const bytes = offered === null ? undefined : this.#contents.atHand(offered.sha256);
    if (offered === null || bytes === undefined) return null;
    const response = answerWhole(ask.request, offered, bytes);
    this.audience.answered(ask, offered, response);
    return response;
  }

  /** Null where there is no such asset. */
  async asset(filename: string, ask: Ask): Promise<Response | null> {
    const offered = await this.offerAsset(filename, ask);
    return offered === null ? null : this.#answerAsset(ask, offered);
  }

  /** The same answer where it is short and can be made from memory; null also where not. */
  assetAtHand(filename: string, ask: Ask): Response | null {
    const newest = offerAtHand(this.#current, { kind: "assets", name: filename }, ask.caller);
    const offered = newest === null ? null : newestOn(this.#resumption.footing(ask, newest), newest);
    if (offered === null) return null;
    const atHand = answerWithRanges(ask.request, offered, (range) => this.#assetBytes.atHand(offered, range));
    return atHand === null ? null : this.#answered(ask, offered, atHand);
  }

  /** What an asker is given who begins; null where there is no such file. */
  async newest(file: FileKey, ask: Ask): Promise<Offer | null> {
    return (await offer(this.#current, file, ask.caller)) ?? this.#missed(ask, file);
  }

  /**
   * What an asker is given of an asset, to be looked at before; null where there is no such asset. Who goes on with a
   * download is offered the revision that it began; throws `notResumable` where that is not known, or not kept any more.
   */
  async offerAsset(filename: string, ask: Ask): Promise<Offer | null> {
    const newest = await this.newest({ kind: "assets", name: filename }, ask);
    if (newest === null || hasIt(ask.request, newest)) return newest;
    const footing = this.#resumption.footing(ask, newest);
    const offered = newestOn(footing, newest) ?? (await this.#begunOn(footing, newest, ask));
    if (offered !== null) return offered;
    checkIsMeant(ask.request, newest);
    this.#resumption.refused(ask, newest);
    throw notResumable(newest.size);
  }

  /** The bytes of an asset that was offered. */
  give(offered: Offer, ask: Ask): Response {
    return this.#answerAsset(ask, offered);
  }

  /** The answer to who is known to have what was offered. */
  unchanged(offered: Offer, ask: Ask): Response {
    return this.#answered(ask, offered, notModified(offered));
  }

  /**
   * Null where that revision is a delete, is kept no more, or never was. Who asks for it looks into the history: devices
   * fetch their config elsewhere, so that the audience does not hear of it.
   */
  async configRevision(mac: string, revision: number, ask: Ask): Promise<Response | null> {
    const offered = await offerRevision(this.store, { kind: "configs", name: mac }, revision, ask.caller);
    const bytes = offered === null ? null : await this.store.findContent(mac, offered.revision);
    return offered === null || bytes === null ? null : answerWhole(ask.request, offered, bytes);
  }

  async assetRevision(filename: string, revision: number, ask: Ask): Promise<Response | null> {
    const offered = await this.offerAssetRevision(filename, revision, ask);
    return offered === null ? null : this.#answerAsset(ask, offered);
  }

  /** Null where that revision is a delete, is kept no more, or never was. */
  async offerAssetRevision(filename: string, revision: number, { caller }: Ask): Promise<Offer | null> {
    return offerRevision(this.store, { kind: "assets", name: filename }, revision, caller);
  }

  /** Another asker is given another one at the same address. */
  async #begunOn(footing: Footing, file: FileKey, { caller }: Ask): Promise<Offer | null> {
    if (typeof footing === "string") return null;
    const begun = await offerRevision(this.store, file, footing.begun, caller);
    return begun === null ? null : { ...begun, personal: true, immutable: false };
  }

  #answerAsset(ask: Ask, offered: Offer): Response {
    const open = (range?: ByteRange) => this.#assetBytes.open(offered, range);
    const response = answerWithRanges<never>(ask.request, offered, open);
    if (Number(response.headers.get("Content-Length")) > AT_ONCE_BYTES) bearSlowReader(ask);
    return this.#answered(ask, offered, response);
  }

  #answered(ask: Ask, offered: Offer, response: Response): Response {
    // To who has it, HEAD says as much as GET, and of whom, too.
    if (ask.request.method !== "GET" && response.status !== 304) return response;
    if (offered.kind === "assets" && response.status !== 304 && !offered.immutable) {
      this.#resumption.given(ask, offered, response.status === 200);
    }
    this.audience.answered(ask, offered, response);
    return response;
  }

  #missed(ask: Ask, file: FileKey): null {
    if (ask.request.method === "GET") this.audience.missed(ask, file);
    return null;
  }
}
