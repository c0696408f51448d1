import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { openSqliteStore } from "../../src/store/index.ts";
import { openForWriting } from "../../src/store/sqlite/database.ts";
import { readConfig, readConfigs, readCounts } from "../../src/store/sqlite/reads.ts";
import { Reserve } from "../../src/store/sqlite/reserve.ts";
import { readRevisions } from "../../src/store/sqlite/revisions.ts";
import { type Answer, type Write, Writer } from "../../src/store/sqlite/writer.ts";
import { canMountDisks, smallDisk } from "../support/small-disk.ts";
import { tempDir } from "../support/temp-dir.ts";
import { anyone, configOf, macOf, sha256Of } from "./store-under-test.ts";

const NOW = Date.UTC(2026, 0, 1);
const PORCH = macOf(1);
const WHOLE = { after: null, limit: 100_000, q: null };

describe("writes that are committed together", () => {
  test("are answered each in its place, and all carry one time", async () => {
    await using opened = await openWriter();
    const answers = opened.writer.commit(
      [save(PORCH), save(PORCH), ["claimAnnouncements", 10], remove(PORCH), remove(PORCH)],
      NOW,
    );
    expect(answers.map((answer) => answer.kind === "done" && answer.outcome)).toMatchObject([
      { kind: "saved", version: { revision: 1, changedAt: new Date(NOW) } },
      { kind: "saved", version: { revision: 2, changedAt: new Date(NOW) } },
      [{ name: PORCH, revision: 2, committedAt: new Date(NOW) }],
      { kind: "deleted", revision: 3 },
      { kind: "missing" },
    ]);
  });

  test("are on disk when they are answered: another connection sees all of them", async () => {
    await using opened = await openWriter();
    opened.writer.commit([save(macOf(1)), save(macOf(2))], NOW);
    using other = new Database(opened.path, { readonly: true });
    expect(readConfigs(other, WHOLE)).toHaveLength(2);
  });

  test("share one transaction: none is seen before the last is written", async () => {
    await using opened = await openWriter();
    using other = new Database(opened.path, { readonly: true });
    const seen: number[] = [];
    const looking = configOf(macOf(2));
    // Read while the write before it is made already.
    Object.defineProperty(looking, "mac", {
      get: () => {
        seen.push(readCounts(other).configs);
        return macOf(2);
      },
    });
    opened.writer.commit([save(macOf(1)), ["saveConfig", looking, null]], NOW);
    expect(new Set(seen)).toEqual(new Set([0]));
    expect(readCounts(other).configs).toBe(2);
  });

  test("lose the one that the schema refuses, with all that it wrote, and no other", async () => {
    await using opened = await openWriter();
    const refused: Write = [
      "saveAsset",
      {
        filename: "a.bin",
        sha256: "too short",
        size: 1,
        claim: 1,
        precondition: "none",
        message: null,
        reading: null,
      },
      null,
    ];
    const answers = opened.writer.commit([save(macOf(1)), refused, save(macOf(2))], NOW);
    expect(kinds(answers)).toEqual(["done", "failed", "done"]);
    expect(answers[1]).toMatchObject({ reason: expect.stringContaining("CHECK constraint failed") });
    expect(readCounts(opened.db)).toMatchObject({ configs: 2, assets: 0, pendingAnnouncements: 2 });
    expect(kinds(opened.writer.commit([save(macOf(3))], NOW))).toEqual(["done"]);
  });

  test("lose the one whose value cannot be stored, half-way through, and no other", async () => {
    await using opened = await openWriter();
    const content = Object.create(Uint8Array.prototype) as Uint8Array; // No bytes behind it: binding it throws.
    const broken = { ...configOf(macOf(1)), content };
    const answers = opened.writer.commit([save(macOf(2)), ["saveConfig", broken, null], save(macOf(3))], NOW);
    expect(kinds(answers)).toEqual(["done", "failed", "done"]);
    expect(readConfig(opened.db, macOf(1))).toBeNull();
    expect(readCounts(opened.db)).toMatchObject({ configs: 2, assets: 0, pendingAnnouncements: 2 });
  });

  test("may be none", async () => {
    await using opened = await openWriter();
    expect(opened.writer.commit([], NOW)).toEqual([]);
  });
});

describe("a database that a write finds damaged", () => {
  test("ends all writing, and none of that batch is kept", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "iotsupport.db");
    damageContents(path);
    using db = openForWriting(path);
    const writer = new Writer(db, new Reserve(join(dir.path, "reserve")), {
      announces: true,
      deviceTopics: "off",
      keepRevisions: 20,
    });
    const asset: Write = [
      "saveAsset",
      {
        filename: "a.bin",
        sha256: sha256Of(""),
        size: 0,
        claim: 1,
        precondition: "none",
        message: null,
        reading: null,
      },
      null,
    ];
    expect(() => writer.commit([asset, save(PORCH)], NOW)).toThrow(/malformed/);
    expect(db.inTransaction).toBe(false);
    expect(readCounts(db)).toMatchObject({ configs: 0, assets: 0, pendingAnnouncements: 0 });
  });
});

describe("a full disk", () => {
  test("refuses what is too large, takes what has room, and deletes make room again", async () => {
    await using opened = await openWriter();
    const pages = opened.db.query<{ page_count: number }, []>("pragma page_count").get()?.page_count ?? 0;
    opened.db.run(`pragma max_page_count = ${pages + 100}`);
    const large = (mac: string) => save(mac, Buffer.alloc(300_000, mac));
    const small = (mac: string) => save(mac, Buffer.alloc(50_000, mac));
    expect(kinds(opened.writer.commit([large(PORCH)], NOW))).toEqual(["done"]);
    const answers = opened.writer.commit([large(macOf(2)), small(macOf(3)), large(macOf(4))], NOW);
    expect(kinds(answers)).toEqual(["full", "done", "full"]);
    expect(readConfigs(opened.db, WHOLE).map(({ mac }) => mac)).toEqual([PORCH, macOf(3)]);
    expect(readCounts(opened.db)).toMatchObject({ configs: 2, assets: 0, pendingAnnouncements: 2 });
    expect(kinds(opened.writer.commit([remove(PORCH), large(macOf(2))], NOW))).toEqual(["done", "done"]);
  });

  // Only a disk of its own is full as a disk is: SQLite's own limit leaves the log out.
  test.skipIf(!canMountDisks).each([
    [4_000, 1],
    [30_000, 4],
    [200_000, 16],
  ])("takes deletes from the reserve, filled by saves of %d bytes, %d at a time", async (bytes, together) => {
    await using opened = await openOnSmallDisk("20m");
    const macs = fillUp(opened.writer, bytes, together);
    expect(macs.length).toBeGreaterThan(10);
    expect(deleteAll(opened.writer, macs)).toEqual(new Set(["done"]));
    expect(kinds(opened.writer.commit([save(PORCH, Buffer.alloc(bytes))], NOW))).toEqual(["done"]);
  });

  test.skipIf(!canMountDisks)("takes deletes also when it filled again after the first of them", async () => {
    await using opened = await openOnSmallDisk("20m");
    const macs = fillUp(opened.writer, 30_000, 4);
    for (let round = 0; round < 3; round++) {
      expect(deleteAll(opened.writer, macs.splice(0, 2))).toEqual(new Set(["done"]));
      macs.push(...fillUp(opened.writer, 30_000, 4, `round-${round}`));
    }
    expect(deleteAll(opened.writer, macs)).toEqual(new Set(["done"]));
  });

  test.skipIf(!canMountDisks)(
    "takes a save into pages that are free, where only the log has no room",
    async () => {
      await using opened = await openOnSmallDisk("20m");
      const large = (mac: string) => save(mac, Buffer.alloc(200_000, mac));
      opened.writer.commit([large(macOf(1)), large(macOf(2))], NOW);
      opened.db.run("pragma wal_checkpoint(truncate)");
      opened.writer.commit([remove(macOf(1)), remove(macOf(2))], NOW);
      opened.writer.commit([["forgetDeletedFiles"], large(macOf(3))], NOW);
      fillDisk(join(dirname(opened.path), "another program's"));
      const half = save(macOf(4), Buffer.alloc(100_000));
      expect(kinds(opened.writer.commit([half], NOW))).toEqual(["done"]);
      expect(readConfigs(opened.db, WHOLE).map(({ mac }) => mac)).toEqual([macOf(3), macOf(4)]);
    },
  );

  test.skipIf(!canMountDisks)("is no obstacle to a start, whatever the log has outgrown", async () => {
    await using opened = await openOnSmallDisk("20m");
    const macs = fillUp(opened.writer, 200_000, 16);
    opened.db.close();
    const dataDir = dirname(opened.path);
    const store = openSqliteStore({ dataDir, announces: true, keepRevisions: 20, now: () => new Date(NOW) });
    for (const name of macs) {
      const deleted = store.deleteFile({ kind: "configs", name, precondition: "none" }, anyone);
      expect(await deleted).toMatchObject({ kind: "deleted" });
    }
    await store.close();
  });
});

test.skipIf(!canMountDisks)(
  "there is room again when there is some for a batch beside the reserve, and to look leaves nothing behind",
  async () => {
    await using opened = await openOnSmallDisk("20m");
    const folder = dirname(opened.path);
    const before = readdirSync(folder);
    expect(opened.writer.hasRoom()).toBe(true);
    const filler = join(folder, "filler");
    fillDisk(filler);
    expect(opened.writer.hasRoom()).toBe(false);
    truncateSync(filler, statSync(filler).size - 500_000);
    expect(opened.writer.hasRoom()).toBe(false);
    truncateSync(filler, statSync(filler).size - 1_000_000);
    expect(opened.writer.hasRoom()).toBe(true);
    rmSync(filler);
    expect(readdirSync(folder)).toEqual(before);
  },
);

test.skipIf(!canMountDisks)("a delete leaves the file's history, once there is room again", async () => {
  await using opened = await openOnSmallDisk("20m");
  opened.writer.commit([save(PORCH)], NOW);
  const filler = join(dirname(opened.path), "filler");
  fillDisk(filler);
  expect(kinds(opened.writer.commit([save(macOf(2), Buffer.alloc(200_000))], NOW))).toEqual(["full"]);
  rmSync(filler);
  expect(opened.writer.hasRoom()).toBe(true);
  opened.writer.commit([remove(PORCH)], NOW);
  const kept = readRevisions(opened.db, { kind: "configs", name: PORCH }, 100, 100);
  expect(kept.map(({ revision }) => revision)).toEqual([2, 1]);
});

describe("the reserve", () => {
  test("is made with the writer, and can be given up once", async () => {
    await using opened = await openWriter();
    expect(statSync(opened.reservePath).size).toBeGreaterThan(1_000_000);
    const reserve = new Reserve(opened.reservePath);
    expect(reserve.free()).toBe(true);
    expect(existsSync(opened.reservePath)).toBe(false);
    expect(reserve.free()).toBe(false);
  });

  test("that cannot be made stops no write", async () => {
    await using opened = await openWriter();
    rmSync(opened.reservePath);
    mkdirSync(join(opened.reservePath, "in the way"), { recursive: true });
    expect(kinds(opened.writer.commit([save(PORCH)], NOW))).toEqual(["done"]);
  });

  test("that fails after a commit has nothing written twice", async () => {
    await using opened = await openWriter();
    opened.reserve.fill = () => {
      throw new Error("the folder cannot be read");
    };
    expect(() => opened.writer.commit([save(PORCH)], NOW)).toThrow("the folder cannot be read");
    expect(readConfig(opened.db, PORCH)?.version.revision).toBe(1);
  });

  test("that a start finds is held, and one of the wrong size is made anew", async () => {
    await using dir = await tempDir();
    const path = join(dir.path, "reserve");
    new Reserve(path).fill();
    const whole = statSync(path).size;
    expect(new Reserve(path).free()).toBe(true);
    writeFileSync(path, "cut off by a crash");
    new Reserve(path).fill();
    expect(statSync(path).size).toBe(whole);
  });
});

/** A writer on a database of its own, in this thread. */
class OpenWriter implements AsyncDisposable {
  readonly path: string;
  readonly reservePath: string;
  readonly db: Database;
  readonly reserve: Reserve;
  readonly writer: Writer;

  constructor(private readonly dir: AsyncDisposable & { readonly path: string }) {
    this.path = join(dir.path, "iotsupport.db");
    this.reservePath = join(dir.path, "reserve");
    this.db = openForWriting(this.path);
    this.reserve = new Reserve(this.reservePath);
    this.writer = new Writer(this.db, this.reserve, {
      announces: true,
      deviceTopics: "off",
      keepRevisions: 20,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.db.close();
    await this.dir[Symbol.asyncDispose]();
  }
}

async function openWriter(): Promise<OpenWriter> {
  return new OpenWriter(await tempDir());
}

async function openOnSmallDisk(size: string): Promise<OpenWriter> {
  return new OpenWriter(await smallDisk(size));
}

function save(mac: string, content: Uint8Array = Buffer.from("{}")): Write {
  return ["saveConfig", configOf(mac, { content }), null];
}

function remove(mac: string): Write {
  return ["deleteFile", { kind: "configs", name: mac, precondition: "none" }, null];
}

function kinds(answers: readonly Answer[]): Answer["kind"][] {
  return answers.map(({ kind }) => kind);
}

/** Saves new configs until the disk takes no more, so many in each commit. */
function fillUp(writer: Writer, bytes: number, together: number, prefix = "config"): string[] {
  const macs: string[] = [];
  for (let number = 0; ; number += together) {
    const batch = Array.from({ length: together }, (_, at) => `${prefix}-${number + at}`);
    const answers = writer.commit(
      batch.map((mac) => save(mac, Buffer.alloc(bytes, mac))),
      NOW,
    );
    macs.push(...batch.filter((_, at) => answers[at]?.kind === "done"));
    if (answers.every(({ kind }) => kind === "full")) return macs;
  }
}

/** How they ended, each committed alone. */
function deleteAll(writer: Writer, macs: readonly string[]): Set<string> {
  return new Set(macs.map((mac) => kinds(writer.commit([remove(mac)], NOW)).join()));
}

/** A database in order, but for the page in which the contents of configs begin. */
function damageContents(path: string): void {
  const made = openForWriting(path);
  const sql = "select rootpage from sqlite_schema where name = 'revisions'";
  const page = made.query<{ rootpage: number }, []>(sql).get()?.rootpage ?? 0;
  made.close();
  const bytes = readFileSync(path);
  bytes.fill(0xff, (page - 1) * 4_096, page * 4_096);
  writeFileSync(path, bytes);
}

/** Takes all that is left of a disk for a file, which grows. */
function fillDisk(path: string): void {
  try {
    for (;;) appendFileSync(path, new Uint8Array(4_096));
  } catch {
    return; // That is how it shows that it is full.
  }
}
