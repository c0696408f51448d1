import { describe, expect, test } from "bun:test";
import type { Announcement } from "../../../src/store/index.ts";
import { macOf, type OpenStore, openStoreUnderTest, type StoreUnderTest } from "../store-under-test.ts";

const [PORCH, CELLAR, ATTIC] = [macOf(1), macOf(2), macOf(3)];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

export function announcementsContract(open: OpenStore): void {
  describe("announcements", () => {
    test("one waits after each save and upload, the oldest first, and no more are claimed than asked for", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(CELLAR);
      await opened.uploaded("a.bin", "1");
      await opened.saved(PORCH);
      const all = [`configs/${CELLAR}@1`, "assets/a.bin@1", `configs/${PORCH}@1`];
      expect(await opened.due()).toEqual(all);
      expect(await opened.due(2)).toEqual(all.slice(0, 2));
      expect(await opened.due(0)).toEqual([]);
      expect((await opened.store.counts()).pendingAnnouncements).toBe(3);
    });

    test("one says when its change was made, and that it was not tried yet", async () => {
      await using opened = await openStoreUnderTest(open);
      const committedAt = opened.now();
      await opened.saved(PORCH);
      opened.pass(MINUTE_MS);
      expect(await opened.store.claimAnnouncements(1)).toEqual([
        { kind: "configs", name: PORCH, device: null, revision: 1, attempts: 0, committedAt, toldTo: null },
      ]);
    });

    test("several changes of a file that wait are one, of the newest, which keeps its place", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      await opened.saved(CELLAR);
      await opened.saved(PORCH);
      await opened.saved(PORCH);
      expect(await opened.due()).toEqual([`configs/${PORCH}@3`, `configs/${CELLAR}@1`]);
      expect((await opened.store.counts()).pendingAnnouncements).toBe(2);
    });

    test("one of several changes waits since the first of them, and since the one after what was announced", async () => {
      await using opened = await openStoreUnderTest(open);
      const waitsSince = async () => (await opened.store.counts()).oldestAnnouncement;
      expect(await waitsSince()).toBeNull();
      const first = opened.now();
      for (const _ of [1, 2]) {
        await opened.saved(PORCH);
        opened.pass(MINUTE_MS);
      }
      await opened.saved(CELLAR);
      expect(await waitsSince()).toEqual(first);

      const [inFlight] = await opened.store.claimAnnouncements(1);
      expect(inFlight).toMatchObject({ revision: 2, committedAt: first });
      opened.pass(MINUTE_MS);
      const changedInFlight = opened.now();
      await opened.saved(PORCH);
      opened.pass(MINUTE_MS);
      await opened.store.settleAnnouncements(inFlight ? [inFlight] : []);
      expect(await waitsSince()).toEqual(changedInFlight);

      await settleAll(opened);
      expect(await waitsSince()).toBeNull();
    });

    test("a save of the same content is announced like any", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      await settleAll(opened);
      await opened.saved(PORCH);
      expect(await opened.due()).toEqual([`configs/${PORCH}@2`]);
    });

    test("what was refused is not announced", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      await settleAll(opened);
      await opened.saveConfig(PORCH, { allowOverwrite: false });
      await opened.saveConfig(PORCH, { precondition: "absent" });
      await opened.delete("configs", PORCH, { etags: [`"x"`] });
      expect(await opened.due()).toEqual([]);
    });

    test("a claimed one stays until it is settled", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      await opened.saved(CELLAR);
      const [first] = await opened.store.claimAnnouncements(1);
      expect(await opened.due(1)).toEqual([`configs/${PORCH}@1`]);
      await opened.store.settleAnnouncements(first === undefined ? [] : [first]);
      expect(await opened.due()).toEqual([`configs/${CELLAR}@1`]);
      expect((await opened.store.counts()).pendingAnnouncements).toBe(1);
    });

    test("to settle one forgets that revision alone: a change in the meantime still waits", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      const inFlight = await opened.store.claimAnnouncements(1);
      await opened.saved(PORCH);
      await opened.store.settleAnnouncements(inFlight);
      expect(await opened.due()).toEqual([`configs/${PORCH}@2`]);
    });

    test("one that was settled twice, or is unknown, does no harm", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      const claimed = await opened.store.claimAnnouncements(1);
      await opened.saved(CELLAR);
      await opened.store.settleAnnouncements([...claimed, ...claimed]);
      await opened.store.settleAnnouncements(claimed);
      await opened.store.settleAnnouncements([]);
      await opened.store.postponeAnnouncements(postponed(claimed, opened, MINUTE_MS));
      expect(await opened.due()).toEqual([`configs/${CELLAR}@1`]);
    });

    test("a delete drops one that waits, and a file made anew is announced again", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      await opened.uploaded(PORCH, "an asset of the same name");
      const inFlight = await opened.store.claimAnnouncements(10);
      await opened.delete("configs", PORCH);
      expect(await opened.due()).toEqual([`assets/${PORCH}@1`]);
      await opened.saved(PORCH);
      await opened.store.settleAnnouncements(inFlight);
      expect(await opened.due()).toEqual([`configs/${PORCH}@3`]);
    });

    test("a postponed one rests until its time, counting the attempt, while others go on", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      const refused = await opened.store.claimAnnouncements(1);
      await opened.saved(CELLAR);
      await opened.store.postponeAnnouncements(postponed(refused, opened, MINUTE_MS));
      expect(await opened.due()).toEqual([`configs/${CELLAR}@1`]);
      expect((await opened.store.counts()).pendingAnnouncements).toBe(2);
      opened.pass(MINUTE_MS - 1);
      expect(await opened.due()).toEqual([`configs/${CELLAR}@1`]);
      opened.pass(1);
      expect(await opened.due()).toEqual([`configs/${PORCH}@1`, `configs/${CELLAR}@1`]);
      const again = await opened.store.claimAnnouncements(1);
      expect(again).toMatchObject([{ attempts: 1 }]);
      await opened.store.postponeAnnouncements(postponed(again, opened, 0));
      expect(await opened.store.claimAnnouncements(1)).toMatchObject([{ attempts: 2 }]);
    });

    test("a new save ends a rest, and its attempts are counted anew", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      await opened.store.postponeAnnouncements(
        postponed(await opened.store.claimAnnouncements(1), opened, MINUTE_MS),
      );
      await opened.saved(PORCH);
      expect(await opened.store.claimAnnouncements(1)).toMatchObject([{ revision: 2, attempts: 0 }]);
    });

    test("one whose file changed in flight is not put to rest", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      const inFlight = await opened.store.claimAnnouncements(1);
      await opened.saved(PORCH);
      await opened.store.postponeAnnouncements(postponed(inFlight, opened, MINUTE_MS));
      expect(await opened.store.claimAnnouncements(1)).toMatchObject([{ revision: 2, attempts: 0 }]);
    });

    test("a clock that is set back an hour holds none for longer than ten minutes", async () => {
      await using opened = await openStoreUnderTest(open);
      for (const mac of [PORCH, CELLAR, ATTIC]) await opened.saved(mac);
      const [porch, ...others] = await opened.store.claimAnnouncements(3);
      await opened.store.settleAnnouncements(others.slice(1));
      await opened.store.postponeAnnouncements(postponed(porch ? [porch] : [], opened, MINUTE_MS));
      opened.pass(-HOUR_MS);
      await opened.saved(ATTIC);
      opened.pass(10 * MINUTE_MS);
      expect(await opened.due()).toEqual([`configs/${PORCH}@1`, `configs/${CELLAR}@1`, `configs/${ATTIC}@2`]);
    });

    test("a clock that is set back lets new saves be claimed at once, behind those from before", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(CELLAR);
      opened.pass(-HOUR_MS);
      await opened.saved(PORCH);
      expect(await opened.due()).toEqual([`configs/${CELLAR}@1`, `configs/${PORCH}@1`]);
    });

    test("none is made where nothing is announced, and those from before wait until it is", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      await opened.saved(ATTIC);
      await opened.reopen({ announces: false });
      await opened.saved(CELLAR);
      await opened.uploaded("a.bin", "1");
      await opened.delete("configs", ATTIC);
      expect(await opened.due()).toEqual([`configs/${PORCH}@1`]);
      await opened.reopen({ announces: true });
      expect(await opened.due()).toEqual([`configs/${PORCH}@1`]);
      await opened.saved(CELLAR);
      expect(await opened.due()).toEqual([`configs/${PORCH}@1`, `configs/${CELLAR}@2`]);
    });
  });
}

async function settleAll({ store }: StoreUnderTest): Promise<void> {
  await store.settleAnnouncements(await store.claimAnnouncements(1_000));
}

function postponed(announcements: readonly Announcement[], { now }: StoreUnderTest, restMs: number) {
  const notBefore = new Date(now().getTime() + restMs);
  return announcements.map((each) => ({ ...each, notBefore }));
}
