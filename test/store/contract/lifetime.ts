import { describe, expect, test } from "bun:test";
import { macOf, type OpenStore, openStoreUnderTest, sha256Of } from "../store-under-test.ts";

const PORCH = macOf(1);
const CELLAR = macOf(2);
const WHOLE = { after: null, limit: 1_000, q: null };

export function lifetimeContract(open: OpenStore): void {
  describe("a store's life", () => {
    test("a new one is empty", async () => {
      await using opened = await openStoreUnderTest(open);
      expect(await opened.store.counts()).toEqual({
        configs: 0,
        assets: 0,
        pendingAnnouncements: 0,
        oldestAnnouncement: null,
      });
      expect(await opened.store.listConfigs(WHOLE)).toEqual([]);
      expect(await opened.store.listAssets(WHOLE)).toEqual([]);
      expect(await opened.store.claimAnnouncements(10)).toEqual([]);
      expect(await opened.store.listUnnamedBlobs(0)).toEqual([]);
    });

    test("opened anew it has all that it had, and revisions go on", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH, { deviceName: "porch", enableOta: true });
      await opened.saved(CELLAR);
      await opened.delete("configs", CELLAR);
      await opened.uploaded("a.bin", "1");
      await opened.uploaded("a.bin", "2");
      await opened.store.claimBlob(sha256Of("3"));
      const refused = await opened.store.claimAnnouncements(1);
      const notBefore = new Date(opened.now().getTime() + 5_000);
      await opened.store.postponeAnnouncements(refused.map((each) => ({ ...each, notBefore })));
      const all = async () => [
        await opened.store.findConfig(PORCH),
        await opened.store.findConfig(CELLAR),
        await opened.store.findAsset("a.bin"),
        await opened.store.listConfigs(WHOLE),
        await opened.store.listAssets(WHOLE),
        await opened.store.counts(),
        await opened.store.claimAnnouncements(10),
        await opened.store.listUnnamedBlobs(0),
      ];
      const before = await all();
      await opened.reopen();
      expect(await all()).toEqual(before);
      opened.pass(5_000);
      expect(await opened.store.claimAnnouncements(1)).toMatchObject([{ name: PORCH, attempts: 1 }]);
      expect((await opened.saved(PORCH)).revision).toBe(2);
      expect((await opened.saved(CELLAR)).revision).toBe(3);
    });

    test("closed while it writes, it answers all that was begun, and has what it answered", async () => {
      await using opened = await openStoreUnderTest(open);
      const saves = [...Array(200).keys()].map((number) => opened.saved(macOf(number % 50)));
      await opened.reopen();
      const answered = await Promise.allSettled(saves);
      expect(answered.filter(({ status }) => status === "rejected")).toEqual([]);
      expect((await opened.store.counts()).configs).toBe(50);
      for (let number = 0; number < 50; number++) {
        expect((await opened.store.findConfig(macOf(number)))?.version.revision).toBe(4);
      }
    });

    test("closed, it refuses what is asked of it, and may be closed again", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      await opened.store.close();
      const unavailable = { code: "STORE_UNAVAILABLE" };
      await expect(opened.saved(PORCH)).rejects.toMatchObject(unavailable);
      await expect(opened.delete("configs", PORCH)).rejects.toMatchObject(unavailable);
      await expect(opened.store.claimAnnouncements(1)).rejects.toMatchObject(unavailable);
      await expect(opened.store.listConfigs(WHOLE)).rejects.toMatchObject(unavailable);
      await opened.store.close();
    });

    test("it has not failed while it works, nor by being closed", async () => {
      await using opened = await openStoreUnderTest(open);
      let failure: Error | null = null;
      opened.store.failed.then((error) => {
        failure = error;
      });
      await opened.saved(PORCH);
      await opened.store.close();
      await opened.start();
      expect(failure).toBeNull();
    });
  });
}
