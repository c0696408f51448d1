import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { pino } from "pino";
import { Acknowledged } from "../../src/announcements/acknowledged.ts";
import { Due } from "../../src/announcements/due.ts";
import { openSqliteStore } from "../../src/store/index.ts";
import { macOf, openStoreUnderTest, type StoreUnderTest } from "../store/store-under-test.ts";

const [PORCH, CELLAR] = [macOf(1), macOf(2)];

test("what waits already is read first, then changes are taken as the store tells of them", async () => {
  await using waiting = await dueUnderTest((opened) => opened.saved(PORCH));
  expect(await waiting.next()).toEqual([`configs/${PORCH}@1`]);
  await waiting.settled();
  await waiting.opened.saved(CELLAR);
  await waiting.opened.saved(PORCH);
  await waiting.opened.saved(CELLAR);
  expect(await waiting.next(1)).toEqual([`configs/${CELLAR}@2`]);
  expect(await waiting.next()).toEqual([`configs/${PORCH}@2`]);
  expect(await waiting.next()).toEqual([]);
  expect(waiting.reads).toBe(1);
});

test("a change is taken as the outbox would give it", async () => {
  await using waiting = await dueUnderTest();
  await waiting.next();
  await waiting.opened.uploaded("firmware.bin", "1");
  const inTheOutbox = await waiting.opened.store.claimAnnouncements(1);
  expect(await waiting.due.next(1)).toEqual([...inTheOutbox]);
});

test("nothing is announced of a file that is deleted before its turn", async () => {
  await using waiting = await dueUnderTest();
  await waiting.next();
  await waiting.opened.saved(PORCH);
  await waiting.opened.delete("configs", PORCH);
  expect(await waiting.next()).toEqual([]);
  expect(waiting.reads).toBe(1);
});

test("what no change tells of is read once it is said that there may be more", async () => {
  await using waiting = await dueUnderTest((opened) => opened.saved(PORCH));
  await waiting.next();
  await waiting.settled();
  await waiting.opened.store.fleet.announceAgain({ kind: "configs", name: PORCH });
  expect(await waiting.next()).toEqual([]);
  waiting.due.lookAgain();
  expect(await waiting.next()).toEqual([`configs/${PORCH}@1`]);
});

test("more changes than are remembered are read from the outbox", async () => {
  await using waiting = await dueUnderTest();
  await waiting.next();
  await Promise.all(Array.from({ length: 300 }, (_, number) => waiting.opened.saved(macOf(number))));
  const found = new Set<string>();
  while (found.size < 300) {
    const next = await waiting.next(100);
    expect(next.length).toBeGreaterThan(0);
    for (const each of next) expect(found.has(each)).toBe(false);
    for (const each of next) found.add(each);
    await waiting.settled();
  }
  expect(await waiting.next()).toEqual([]);
});

const step = fc.oneof(
  fc.record({ kind: fc.constant("save" as const), file: fc.nat(3), isAwaited: fc.boolean() }),
  fc.record({ kind: fc.constant("delete" as const), file: fc.nat(3) }),
  fc.record({ kind: fc.constant("again" as const), file: fc.nat(3) }),
  fc.record({ kind: fc.constant("publish" as const), most: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ kind: fc.constant("lose" as const), most: fc.integer({ min: 1, max: 3 }) }),
);

test("whatever happens, each newest revision has its turn, and none twice", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      await using waiting = await dueUnderTest();
      const { opened, due } = waiting;
      const saves: Promise<unknown>[] = [];
      for (const each of steps) {
        if (each.kind === "save") {
          saves.push(opened.saved(macOf(each.file)));
          if (each.isAwaited) await saves.at(-1);
        } else if (each.kind === "delete") {
          await opened.delete("configs", macOf(each.file));
        } else if (each.kind === "again") {
          await opened.store.fleet.announceAgain({ kind: "configs", name: macOf(each.file) });
          due.lookAgain();
        } else if (each.kind === "publish") {
          await waiting.next(each.most);
        } else {
          await due.next(each.most);
          due.lookAgain();
        }
      }
      await Promise.all(saves);
      for (let next = await waiting.next(); next.length > 0; next = await waiting.next()) {
        expect(new Set(next).size).toBe(next.length);
        await waiting.settled();
      }
      await waiting.settled();
      expect(await opened.due()).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

/** What is due in a store, with a count of how often its outbox was read. */
class DueUnderTest implements AsyncDisposable {
  readonly #acknowledged: Acknowledged;
  readonly due: Due;
  reads = 0;

  constructor(readonly opened: StoreUnderTest) {
    const { store } = opened;
    this.#acknowledged = new Acknowledged(store, pino({ level: "silent" }));
    const counting = {
      claimAnnouncements: (most: number) => {
        this.reads += 1;
        return store.claimAnnouncements(most);
      },
    };
    this.due = new Due(counting, this.#acknowledged);
    store.onChange((change) => this.due.hear(change));
  }

  /** Takes what is next, and notes it as acknowledged. */
  async next(most = 1_000): Promise<string[]> {
    const next = await this.due.next(most);
    this.#acknowledged.add(next);
    return next.map(({ kind, name, revision }) => `${kind}/${name}@${revision}`);
  }

  settled(): Promise<void> {
    return this.#acknowledged.settle();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.opened[Symbol.asyncDispose]();
  }
}

async function dueUnderTest(before: (opened: StoreUnderTest) => Promise<unknown> = async () => {}) {
  const opened = await openStoreUnderTest(async (options) => openSqliteStore(options));
  await before(opened);
  return new DueUnderTest(opened);
}
