import { expect, test } from "bun:test";
import { type NewPickup, openSqliteStore } from "../../src/store/index.ts";
import { macOf, openStoreUnderTest, type StoreUnderTest } from "./store-under-test.ts";

const MAC = macOf(1);
const FILE = { kind: "configs", name: MAC } as const;
const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

test("a file that a device is behind on is due after 10 minutes, then doubling, at most once a day", async () => {
  await using opened = await openToldOfTwo();
  expect(await duesWithin(opened, 4 * DAY_MINUTES)).toEqual([
    10, 30, 70, 150, 310, 630, 1270, 2550, 3990, 5430,
  ]);
});

test("a new start of the service goes on where it was; a new revision starts over", async () => {
  await using opened = await openToldOfTwo();
  expect(await duesWithin(opened, 31)).toEqual([10, 30]);
  await opened.reopen();
  expect(await duesWithin(opened, 60)).toEqual([38]); // 70 minutes after the announcement.

  await opened.saved(MAC);
  expect(await duesWithin(opened, 60, { settles: false })).toEqual([]); // Not announced yet.
  await settleAll(opened);
  expect(await duesWithin(opened, 40)).toEqual([10, 30]);
});

test("after a long stop a file is due once, not once for each time that was missed", async () => {
  await using opened = await openToldOfTwo();
  opened.pass(300 * MINUTE_MS);
  expect(await duesWithin(opened, 200)).toEqual([0]);
});

test("a clock that was set back holds no file for longer than a day", async () => {
  await using opened = await openToldOfTwo();
  opened.pass(-40 * DAY_MINUTES * MINUTE_MS);
  expect(await duesWithin(opened, 1)).toEqual([0]);
});

test("a file that is gone, or changes before its turn, is not announced again", async () => {
  await using opened = await openToldOfTwo();
  opened.pass(10 * MINUTE_MS);
  const due = await opened.store.fleet.listFilesToReannounce(opened.now().getTime(), 10);
  expect(due).toEqual([{ ...FILE, revision: 2 }]);
  await opened.saved(MAC);
  await opened.store.fleet.reannounce(due);
  expect(await opened.due()).toEqual([`configs/${MAC}@3`]);
  await settleAll(opened);
  await opened.delete("configs", MAC);
  await opened.store.fleet.reannounce([{ ...FILE, revision: 3 }]);
  expect(await opened.due()).toEqual([]);
  expect(await duesWithin(opened, 20)).toEqual([]);
});

const reasons: readonly [what: string, pickup: Partial<NewPickup>, isReason: boolean][] = [
  ["was told", { state: "told" }, true],
  ["gave up half-way", { state: "interrupted" }, true],
  ["has an older revision, and was not judged since", { state: "running", judgedRevision: 1 }, true],
  ["is fetching it", { state: "fetching" }, false],
  ["has it", { state: "fetched", fetchedRevision: 2 }, false],
  ["came again with it", { state: "alive", fetchedRevision: 2 }, false],
  ["runs it, wherever it has it from", { state: "running" }, false],
  ["went back from it", { state: "reverted", fetchedRevision: 2 }, false],
  ["fetches it again and again", { state: "looping", fetchedRevision: 2 }, false],
  ["was refused it", { state: "refused" }, false],
  ["is missed", { state: "silent" }, false],
];

test.each(reasons)("a device that %s", async (_, pickup, isReason) => {
  await using opened = await openToldOfTwo(pickup);
  expect(await duesWithin(opened, 10)).toEqual(isReason ? [10] : []);
});

test("a device that stays away for longer than it ever does, or was never here, is no reason", async () => {
  await using missed = await openToldOfTwo({}, { patienceMs: 9 * MINUTE_MS });
  expect(await duesWithin(missed, 20)).toEqual([]);
  await using never = await openToldOfTwo({}, { lastSeenAt: null });
  expect(await duesWithin(never, 20)).toEqual([]);
});

/** A config whose second revision was announced to a device that was here a moment ago. */
async function openToldOfTwo(
  pickup: Partial<NewPickup> = {},
  device: { lastSeenAt?: null; patienceMs?: number } = {},
): Promise<StoreUnderTest> {
  const opened = await openStoreUnderTest(async (options) => openSqliteStore(options));
  await opened.saved(MAC);
  await opened.saved(MAC);
  await settleAll(opened);
  const now = opened.now().getTime();
  await opened.store.fleet.saveSightings({
    devices: [
      {
        mac: MAC,
        name: null,
        model: null,
        chip: null,
        labels: {},
        address: null,
        lastSeenAt: now,
        longestAbsenceMs: null,
        patienceMs: 100 * DAY_MINUTES * MINUTE_MS,
        telemetry: null,
        isUnknown: false,
        ...device,
      },
    ],
    pickups: [
      {
        ...FILE,
        mac: MAC,
        evidence: "null",
        fetchedRevision: 1,
        fetchedAt: now,
        state: "told",
        since: now,
        until: null,
        judgedRevision: 2,
        givenRevision: 1,
        ...pickup,
      },
    ],
    fetches: [],
    mostUnknown: 10,
  });
  return opened;
}

/** After how many minutes it was due, from now on, each time announced and acknowledged at once. */
async function duesWithin(
  opened: StoreUnderTest,
  minutes: number,
  { settles = true } = {},
): Promise<number[]> {
  const { fleet } = opened.store;
  const dues: number[] = [];
  for (let minute = 0; minute <= minutes; minute++) {
    const due = await fleet.listFilesToReannounce(opened.now().getTime(), 10);
    if (due.length > 0) {
      dues.push(minute);
      await fleet.reannounce(due);
      expect(await opened.due()).toEqual([`configs/${MAC}@${due[0]?.revision}`]);
      if (settles) await settleAll(opened);
    }
    opened.pass(MINUTE_MS);
  }
  return dues;
}

async function settleAll({ store }: StoreUnderTest): Promise<void> {
  await store.settleAnnouncements(await store.claimAnnouncements(10));
}
