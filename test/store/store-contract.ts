import { describe } from "bun:test";
import { announcementsContract } from "./contract/announcements.ts";
import { blobsContract } from "./contract/blobs.ts";
import { changesContract } from "./contract/changes.ts";
import { concurrencyContract } from "./contract/concurrency.ts";
import { deviceAnnouncementsContract } from "./contract/device-announcements.ts";
import { filesContract } from "./contract/files.ts";
import { historiesContract } from "./contract/histories.ts";
import { lifetimeContract } from "./contract/lifetime.ts";
import { listsContract } from "./contract/lists.ts";
import { publishedContract } from "./contract/published.ts";
import type { OpenStore } from "./store-under-test.ts";

/** What every store has to keep, whatever it is made of. Nothing of it can be switched off. */
export function storeContract(name: string, open: OpenStore): void {
  describe(name, () => {
    filesContract(open);
    changesContract(open);
    announcementsContract(open);
    deviceAnnouncementsContract(open);
    listsContract(open);
    blobsContract(open);
    concurrencyContract(open);
    lifetimeContract(open);
    historiesContract(open);
    publishedContract(open);
  });
}
