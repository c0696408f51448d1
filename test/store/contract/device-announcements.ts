import { describe, expect, test } from "bun:test";
import type { NewPickup } from "../../../src/store/index.ts";
import { macOf, type OpenStore, openStoreUnderTest, type StoreUnderTest } from "../store-under-test.ts";

const [PORCH, CELLAR, ATTIC] = [macOf(1), macOf(2), macOf(3)];
const ASSET = { kind: "assets", name: "plug.bin" } as const;
const MINUTE_MS = 60_000;

export function deviceAnnouncementsContract(open: OpenStore): void {
  describe("announcements to one device", () => {
    test("are made of all its files, where devices have topics of their own; else everybody's are", async () => {
      for (const deviceTopics of ["on", "only", "off"] as const) {
        await using opened = await openStoreUnderTest(open, { deviceTopics });
        await opened.saved(PORCH);
        await opened.uploaded(ASSET.name, "1");
        await seen(opened, { mac: PORCH, givenRevision: 1 });
        await settleAll(opened);
        expect(await opened.store.fleet.announceAllTo(PORCH)).toBe(true);
        const device = deviceTopics === "off" ? null : PORCH;
        expect(await opened.store.claimAnnouncements(10)).toMatchObject([
          { ...ASSET, device, revision: 1 },
          { kind: "configs", name: PORCH, device, revision: 1 },
        ]);
        expect((await opened.store.counts()).pendingAnnouncements).toBe(2);
        await settleAll(opened);
        expect(await opened.due()).toEqual([]);
      }
    });

    test("say nothing of whether everybody was told", async () => {
      await using opened = await openStoreUnderTest(open, { deviceTopics: "only" });
      await opened.saved(PORCH);
      await opened.store.fleet.announceAllTo(PORCH);
      const { fleet } = opened.store;
      const config = { kind: "configs", name: PORCH } as const;
      const [toAll, alone] = await opened.store.claimAnnouncements(10);
      expect([toAll?.device, alone?.device]).toEqual([null, PORCH]);
      await opened.store.settleAnnouncements(alone ? [alone] : []);
      expect((await fleet.findWanted(config))?.announcedAt).toBeNull();
      await opened.store.settleAnnouncements(toAll ? [toAll] : []);
      expect((await fleet.findWanted(config))?.announcedAt).not.toBeNull();
    });

    test("give way to the next change of the file, which is announced to all, and go with it", async () => {
      await using opened = await openStoreUnderTest(open, { deviceTopics: "on" });
      await opened.saved(PORCH);
      await settleAll(opened);
      await opened.store.fleet.announceAllTo(PORCH);
      await opened.saved(PORCH);
      expect(await opened.store.claimAnnouncements(10)).toMatchObject([{ device: null, revision: 2 }]);
      await opened.store.fleet.announceAllTo(PORCH);
      await opened.delete("configs", PORCH);
      expect(await opened.due()).toEqual([]);
      expect((await opened.store.counts()).pendingAnnouncements).toBe(0);
    });

    test("keep how far they are while they rest, until the file changes", async () => {
      await using opened = await openStoreUnderTest(open, { deviceTopics: "on" });
      await opened.uploaded(ASSET.name, "1");
      const [claimed] = await opened.store.claimAnnouncements(1);
      if (claimed === undefined) throw new Error("nothing waits");
      const notBefore = new Date(opened.now().getTime() + MINUTE_MS);
      await opened.store.postponeAnnouncements([{ ...claimed, toldTo: CELLAR, notBefore }]);
      opened.pass(MINUTE_MS);
      expect(await opened.store.claimAnnouncements(1)).toMatchObject([{ attempts: 1, toldTo: CELLAR }]);
      await opened.uploaded(ASSET.name, "2");
      expect(await opened.store.claimAnnouncements(1)).toMatchObject([{ attempts: 0, toldTo: null }]);
    });

    test("are made to whoever was given an older asset before it was known to use it", async () => {
      await using opened = await openStoreUnderTest(open, { deviceTopics: "only" });
      await opened.uploaded(ASSET.name, "1");
      await opened.uploaded(ASSET.name, "2");
      await settleAll(opened);
      await seen(opened, { mac: PORCH, givenRevision: 1 });
      await seen(opened, { mac: CELLAR, givenRevision: 2 });
      await seen(opened, { mac: ATTIC, givenRevision: null });
      expect(await opened.store.claimAnnouncements(10)).toMatchObject([
        { ...ASSET, device: PORCH, revision: 2 },
      ]);
      await settleAll(opened);
      await seen(opened, { mac: PORCH, givenRevision: 1 }); // It is known by now, and was told.
      expect(await opened.due()).toEqual([]);
    });

    test("are made again to those alone who are behind, where there are no other topics", async () => {
      await using opened = await openStoreUnderTest(open, { deviceTopics: "only" });
      await opened.uploaded(ASSET.name, "1");
      await opened.uploaded(ASSET.name, "2");
      await settleAll(opened);
      await seen(opened, { mac: PORCH, givenRevision: 1, fetchedRevision: 1 });
      await seen(opened, { mac: CELLAR, givenRevision: 2, fetchedRevision: 2, state: "fetched" });
      await settleAll(opened);
      opened.pass(10 * MINUTE_MS);
      const { fleet } = opened.store;
      await fleet.reannounce(await fleet.listFilesToReannounce(opened.now().getTime(), 10));
      expect(await opened.store.claimAnnouncements(10)).toMatchObject([
        { ...ASSET, device: PORCH, revision: 2 },
      ]);
    });

    test("are made to whoever becomes known to use an asset after it was guessed, and not before", async () => {
      await using opened = await openStoreUnderTest(open, { deviceTopics: "only" });
      await opened.uploaded(ASSET.name, "1");
      await opened.uploaded(ASSET.name, "2");
      await settleAll(opened);
      const { fleet } = opened.store;
      await seen(opened, { mac: PORCH, givenRevision: null, evidence: `{"isGuessed":true}` });
      expect(await fleet.listUsers(ASSET, "", 2)).toEqual([]);
      await seen(opened, { mac: PORCH, givenRevision: 1, evidence: `{"isGuessed":false}` });
      expect(await fleet.listUsers(ASSET, "", 2)).toEqual([PORCH]);
      expect(await opened.store.claimAnnouncements(10)).toMatchObject([{ ...ASSET, device: PORCH }]);
    });

    test("are made to nobody who was forgotten meanwhile, and nothing is kept of them, nor of a file that is gone", async () => {
      await using opened = await openStoreUnderTest(open, { deviceTopics: "only" });
      const { fleet } = opened.store;
      for (const content of ["1", "2"]) await opened.uploaded(ASSET.name, content);
      await settleAll(opened);
      const at = opened.now().getTime();
      const pickup = {
        ...ASSET,
        mac: PORCH,
        evidence: "null",
        fetchedRevision: 1,
        fetchedAt: at,
        givenRevision: 1,
      };
      const pickups = [{ ...pickup, state: "told", since: at, until: at, judgedRevision: 1 }];
      await fleet.saveSightings({ devices: [], pickups, fetches: [], mostUnknown: 10 });
      expect(await fleet.listUsers(ASSET, "", 2)).toEqual([]);
      expect(await opened.due()).toEqual([]);
      await seen(opened, { mac: CELLAR, name: "gone.bin", givenRevision: 1 });
      expect(await fleet.listUsers({ kind: "assets", name: "gone.bin" }, "", 2)).toEqual([]);
    });

    test("users of a file are listed in order, page by page", async () => {
      await using opened = await openStoreUnderTest(open, { deviceTopics: "on" });
      await opened.uploaded(ASSET.name, "1");
      await opened.uploaded("lamp.bin", "1");
      for (const mac of [CELLAR, ATTIC, PORCH]) await seen(opened, { mac, givenRevision: 1 });
      await seen(opened, { mac: macOf(4), name: "lamp.bin", givenRevision: 1 });
      const { fleet } = opened.store;
      expect(await fleet.listUsers(ASSET, "", 2)).toEqual([PORCH, CELLAR]);
      expect(await fleet.listUsers(ASSET, CELLAR, 2)).toEqual([ATTIC]);
      expect(await fleet.listUsers(ASSET, ATTIC, 2)).toEqual([]);
    });
  });
}

/** A device that was here a moment ago, and what was seen of it and the asset. */
async function seen(
  { store, now }: StoreUnderTest,
  pickup: Pick<NewPickup, "mac" | "givenRevision"> & Partial<NewPickup>,
): Promise<void> {
  const at = now().getTime();
  await store.fleet.saveSightings({
    devices: [
      {
        mac: pickup.mac,
        name: null,
        model: null,
        chip: null,
        labels: {},
        address: null,
        lastSeenAt: at,
        longestAbsenceMs: null,
        patienceMs: 100 * MINUTE_MS,
        telemetry: null,
        isUnknown: false,
      },
    ],
    pickups: [
      {
        ...ASSET,
        evidence: "null",
        fetchedRevision: null,
        fetchedAt: null,
        state: "told",
        since: at,
        until: null,
        judgedRevision: 1,
        ...pickup,
      },
    ],
    fetches: [],
    mostUnknown: 10,
  });
}

async function settleAll({ store }: StoreUnderTest): Promise<void> {
  await store.settleAnnouncements(await store.claimAnnouncements(1_000));
}
