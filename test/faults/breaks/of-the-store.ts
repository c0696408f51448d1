import type { Break } from "./break.ts";

/** Of what was answered, on disk, and of files' revisions. */
export const storeBreaks: readonly Break[] = [
  {
    name: "announce a save outside of its transaction",
    file: "src/store/sqlite/changes.ts",
    find: `  if (current === null) expectDevice(tx, save.mac);
  announce(tx, version);`,
    replace: `  if (current === null) expectDevice(tx, save.mac);
  setTimeout(() => announce(tx, version), 20);`,
    caughtBy: "R1",
    rounds: 10,
  },
  {
    name: "begin anew with revision 1 where a file was deleted",
    file: "src/store/sqlite/files.ts",
    find: `const revision = (previous?.revision ?? 0) + 1;`,
    replace: `const revision = previous?.sha256 == null ? 1 : previous.revision + 1;`,
    caughtBy: "R21",
    rounds: 2,
  },
  {
    name: "settle a later change along with an announcement",
    file: "src/store/sqlite/outbox.ts",
    find: `delete from outbox where kind = ? and subject = ? and device = ? and revision = ?`,
    replace: `delete from outbox where kind = ? and subject = ? and device = ? and ? is not null`,
    caughtBy: "R20",
    rounds: 20,
  },
];
