import type { Break } from "./break.ts";

/** Of what is said of the fleet, of files' history, and of what Home Assistant is shown. */
export const fleetBreaks: readonly Break[] = [
  {
    name: "call a file fetched once it is written to the socket",
    file: "src/fleet/downloads.ts",
    find: "return ofThisOn >= bytes + MOST_HEAD_BYTES || (ofThisOn >= bytes && outstanding === 0);",
    replace: "return ofThisOn >= 0;",
    caughtBy: "F2",
    rounds: 9,
  },
  {
    name: "collect the bytes of revisions that are kept",
    file: "src/store/sqlite/blobs.ts",
    find: `update blobs set unnamed_since = ?2 where sha256 = ?1
      and not exists (select 1 from revisions where kind = 'assets' and sha256 = ?1)`,
    replace: "update blobs set unnamed_since = ?2 where sha256 = ?1",
    caughtBy: "F6",
  },
  {
    name: "roll back to another revision than was asked for",
    file: "src/configs/rollback.ts",
    find: "parts.store.findContent(mac, to)",
    replace: "parts.store.findContent(mac, Math.max(1, to - 1))",
    caughtBy: "F5",
    rounds: 10,
  },
  {
    name: "note what Home Assistant was shown only once it was",
    file: "src/home-assistant/publisher.ts",
    find: "if (unsure.length > 0) await",
    replace: "if (unsure.length < 0) await",
    caughtBy: "F7",
    rounds: 150,
  },
];
