import { expect, test } from "bun:test";
import { pino } from "pino";
import { Acknowledged } from "../../src/announcements/acknowledged.ts";
import { storageFull } from "../../src/fault.ts";
import { type Announcement, openSqliteStore } from "../../src/store/index.ts";
import { macOf, openStoreUnderTest, type StoreUnderTest } from "../store/store-under-test.ts";

const quiet = pino({ level: "silent" });

test("what was acknowledged is known as such until it is out of the outbox", async () => {
  await using opened = await openStoreUnderTest(async (options) => openSqliteStore(options));
  const [first, second] = [await waiting(opened, macOf(1)), await waiting(opened, macOf(2))];
  const acknowledged = new Acknowledged(opened.store, quiet);
  acknowledged.add([first]);
  const settled = acknowledged.settle();
  expect([acknowledged.has(first), acknowledged.has(second), acknowledged.count]).toEqual([true, false, 1]);
  await settled;
  expect([acknowledged.has(first), acknowledged.count]).toEqual([false, 0]);
  expect(await opened.due()).toEqual([`configs/${macOf(2)}@1`]);
});

test("what comes while others are taken out is taken out too before it is said to be", async () => {
  await using opened = await openStoreUnderTest(async (options) => openSqliteStore(options));
  const acknowledged = new Acknowledged(opened.store, quiet);
  acknowledged.add([await waiting(opened, macOf(1))]);
  const first = acknowledged.settle();
  acknowledged.add([await waiting(opened, macOf(2))]);
  await Promise.all([first, acknowledged.settle()]);
  expect(await opened.due()).toEqual([]);
});

test("a later revision of a file is another announcement", async () => {
  await using opened = await openStoreUnderTest(async (options) => openSqliteStore(options));
  const first = await waiting(opened, macOf(1));
  const acknowledged = new Acknowledged(opened.store, quiet);
  acknowledged.add([first]);
  const second = await waiting(opened, macOf(1));
  expect(acknowledged.has(second)).toBe(false);
  await acknowledged.settle();
  expect(await opened.due()).toEqual([`configs/${macOf(1)}@2`]);
});

test("what a full disk keeps in the outbox stays known, until a later call takes it out", async () => {
  await using opened = await openStoreUnderTest(async (options) => openSqliteStore(options));
  const announcement = await waiting(opened, macOf(1));
  const settleAnnouncements = opened.store.settleAnnouncements.bind(opened.store);
  opened.store.settleAnnouncements = () => Promise.reject(storageFull());
  const acknowledged = new Acknowledged(opened.store, quiet);
  acknowledged.add([announcement]);
  await acknowledged.settle();
  expect(acknowledged.has(announcement)).toBe(true);
  opened.store.settleAnnouncements = settleAnnouncements;
  await acknowledged.settle();
  expect(acknowledged.count).toBe(0);
  expect(await opened.due()).toEqual([]);
});

/** Saves a config, and gives its announcement as the relay claims it. */
async function waiting(opened: StoreUnderTest, mac: string): Promise<Announcement> {
  await opened.saved(mac);
  const claimed = await opened.store.claimAnnouncements(1_000);
  const announcement = claimed.find(({ name }) => name === mac);
  if (announcement === undefined) throw new Error(`nothing waits of ${mac}`);
  return announcement;
}
