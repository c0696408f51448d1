import type { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openForWriting } from "../../src/store/sqlite/database.ts";
import { readDevices } from "../../src/store/sqlite/devices.ts";
import { Reserve } from "../../src/store/sqlite/reserve.ts";
import { Writer } from "../../src/store/sqlite/writer.ts";
import { tempDir } from "../support/temp-dir.ts";
import { configOf, macOf } from "./store-under-test.ts";

const NOW = Date.UTC(2026, 0, 1);
const MAC = macOf(1);
const FILE = { kind: "configs", name: MAC } as const;

describe("in a large fleet", () => {
  test.each(["mac", "last_seen"] as const)(
    "who has a file is found by an index, sorted by %s",
    async (sort) => {
      await using opened = await openWriter();
      const query = { q: null, state: null, file: FILE, sort, after: null, limit: 100, now: NOW };
      const plans = plansOf(opened.db, (db) => readDevices(db, query));
      expect(plans.filter((step) => /SCAN devices/.test(step))).toEqual([]);
      expect(plans.join("\n")).toContain("SEARCH devices USING PRIMARY KEY");
    },
  );

  test("nobody is due to be judged again for a file that is gone", async () => {
    await using opened = await openWriter();
    const due = () => opened.db.query("select count(*) as n from pickups where until is not null").get();
    const seen = { evidence: "null", fetchedRevision: 1, fetchedAt: NOW, givenRevision: 1 };
    const judgement = { state: "fetched", since: NOW, until: NOW + 60_000, judgedRevision: 1 };
    const pickups = [{ ...FILE, mac: MAC, ...seen, ...judgement }];
    opened.writer.commit(
      [
        ["saveConfig", configOf(MAC), null],
        ["saveSightings", { devices: [], pickups, fetches: [], mostUnknown: 10 }],
      ],
      NOW,
    );
    expect(due()).toEqual({ n: 1 });
    opened.writer.commit([["deleteFile", { ...FILE, precondition: "none" }, null]], NOW);
    expect(due()).toEqual({ n: 0 });
  });
});

async function openWriter() {
  await using opening = new AsyncDisposableStack();
  const { path } = opening.use(await tempDir());
  const db = openForWriting(join(path, "iotsupport.db"));
  opening.defer(() => db.close());
  const rules = { announces: false, deviceTopics: "off", keepRevisions: 20 } as const;
  const writer = new Writer(db, new Reserve(join(path, "reserve")), rules);
  const running = opening.move();
  return { db, writer, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** The steps in which SQLite goes about what is asked of it. */
function plansOf(db: Database, act: (db: Database) => unknown): readonly string[] {
  const asked: string[] = [];
  const overheard = new Proxy(db, {
    get(target, name: keyof Database) {
      if (name !== "query") return target[name];
      return (sql: string) => {
        asked.push(sql);
        return target.query(sql);
      };
    },
  });
  act(overheard);
  return asked.flatMap((sql) =>
    db
      .query<{ detail: string }, []>(`explain query plan ${sql}`)
      .all()
      .map(({ detail }) => detail),
  );
}
