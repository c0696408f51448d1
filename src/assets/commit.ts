import type { Caller } from "../caller.ts";
import { otherVersion } from "../http/index.ts";
import type { FileVersion, SaveAsset, Store } from "../store/index.ts";
import type { Collector } from "./collector.ts";

/**
 * Makes a blob an asset's newest bytes, by claim, blob, row: at no moment is there a row without its blob, nor a blob
 * that nothing remembers. `place` makes sure that the blob lies under its hash; where it throws, nothing has changed.
 */
export function commitAsset(
  { store, collector }: { readonly store: Store; readonly collector: Collector },
  asset: Omit<SaveAsset, "claim">,
  place: () => Promise<void>,
  caller: Caller,
): Promise<FileVersion> {
  return collector.withoutCollecting(async () => {
    const claim = await store.claimBlob(asset.sha256);
    try {
      await place();
      const outcome = await store.saveAsset({ ...asset, claim }, caller);
      if (outcome.kind === "saved") return outcome.version;
      throw otherVersion(asset.precondition, `asset ${asset.filename}`);
    } catch (error) {
      await store.releaseClaim(claim).catch(() => {}); // It ends by itself, within the hour.
      throw error;
    }
  });
}
