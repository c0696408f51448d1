import type { Break } from "./break.ts";

/** Of what was answered, on disk, and of files' revisions. */
export const storeBreaks: readonly Break[] = [
  {
    name: "answer before the commit is flushed",
    file: "src/store/sqlite/database.ts",
    find: "pragma synchronous = full",
    replace: "pragma synchronous = off",
    caughtBy: "R14",
  },
  {
    name: "announce what was deleted",
    file: "src/store/sqlite/changes.ts",
    find: "  dropAnnouncement(tx, file);",
    replace: "",
    caughtBy: "R21",
  },
  {
    name: "take every If-Match as one that holds",
    file: "src/store/sqlite/files.ts",
    find: "precondition.etags.includes(etagOf(current))",
    replace: "true",
    caughtBy: "R23",
  },
  {
    name: "let a second service in",
    file: "src/store/sqlite/lock.ts",
    find: `lock.run("begin exclusive");`,
    replace: `lock.run("begin");`,
    caughtBy: "R11",
  },
  {
    name: "keep the reserve on a full disk",
    file: "src/store/sqlite/writer.ts",
    find: "    this.reserve.free();",
    replace: "",
    caughtBy: "R12",
  },
  {
    name: "back up the database's file without its log",
    file: "src/store/sqlite/sqlite-reader.ts",
    find: `this.kept.query("vacuum into ?").run(path);`,
    replace: `require("node:fs").copyFileSync(this.kept.filename, path);`,
    caughtBy: "R24",
  },
  {
    name: "restore the database before its blobs",
    file: "src/cli/restore.ts",
    find: "  await aside.keep();\n  await placeDatabase(lock, databasePath);",
    replace: "  await placeDatabase(lock, databasePath);\n  await aside.keep();",
    caughtBy: "R14",
  },
  {
    name: "commit what is imported file by file",
    file: "src/store/sqlite/sqlite-takeover.ts",
    find: `precondition: "none", message: IMPORTED }, NOBODY);`,
    replace: `precondition: "none", message: IMPORTED }, NOBODY);\n      this.db.run("commit");`,
    caughtBy: "R14",
  },
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
];
