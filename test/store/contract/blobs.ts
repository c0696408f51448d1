import { describe, expect, test } from "bun:test";
import {
  anyone,
  type OpenStore,
  openStoreUnderTest,
  type StoreUnderTest,
  sha256Of,
} from "../store-under-test.ts";

const HOUR_MS = 60 * 60_000;
const ONE = sha256Of("1");
const TWO = sha256Of("2");

export function blobsContract(open: OpenStore): void {
  describe("blobs", () => {
    test("one that an asset names is never listed", async () => {
      await using opened = await openStoreUnderTest(open, { keepRevisions: 1 });
      await opened.uploaded("a.bin", "1");
      opened.pass(100 * HOUR_MS);
      expect(await opened.store.listUnnamedBlobs(0)).toEqual([]);
    });

    test("one that an older revision names is kept until that is forgotten", async () => {
      await using opened = await openStoreUnderTest(open, { keepRevisions: 2 });
      await opened.uploaded("a.bin", "1");
      await opened.uploaded("a.bin", "2");
      expect(await listed(opened, 0)).toEqual([]);
      await opened.delete("assets", "a.bin");
      expect(await listed(opened, 0)).toEqual([ONE]);
      await opened.store.forgetDeletedFiles();
      expect(await listed(opened, 0)).toEqual([ONE, TWO].toSorted());
      expect(await opened.store.listRevisions({ kind: "assets", name: "a.bin" }, null, 10)).toMatchObject([
        { revision: 3, sha256: null },
      ]);
    });

    test("one whose asset was replaced or deleted is listed once that long ago", async () => {
      await using opened = await openStoreUnderTest(open, { keepRevisions: 1 });
      await opened.uploaded("a.bin", "1");
      await opened.uploaded("b.bin", "2");
      opened.pass(HOUR_MS);
      await opened.uploaded("a.bin", "3");
      opened.pass(1_000);
      await opened.delete("assets", "b.bin");
      expect(await listed(opened, 0)).toEqual([ONE, TWO].toSorted());
      expect(await listed(opened, 1_000)).toEqual([ONE]);
      expect(await listed(opened, 1_001)).toEqual([]);
      opened.pass(HOUR_MS);
      expect(await listed(opened, HOUR_MS)).toEqual([ONE, TWO].toSorted());
    });

    test("one that an asset is given again stays named", async () => {
      await using opened = await openStoreUnderTest(open, { keepRevisions: 1 });
      await opened.uploaded("a.bin", "1");
      await opened.uploaded("a.bin", "1");
      expect(await listed(opened, 0)).toEqual([]);
      await opened.uploaded("a.bin", "2");
      await opened.uploaded("a.bin", "1");
      expect(await listed(opened, 0)).toEqual([TWO]);
    });

    test("one that two assets name is listed after both have let it go", async () => {
      await using opened = await openStoreUnderTest(open, { keepRevisions: 1 });
      await opened.uploaded("a.bin", "1");
      await opened.uploaded("b.bin", "1");
      await opened.uploaded("a.bin", "2");
      expect(await listed(opened, 0)).toEqual([]);
      await opened.delete("assets", "b.bin");
      expect(await listed(opened, 0)).toEqual([ONE]);
    });

    test("one that a config's content happens to equal is none of the config's", async () => {
      await using opened = await openStoreUnderTest(open, { keepRevisions: 1 });
      const content = Buffer.from("1");
      await opened.saved("aa-00-00-00-00-01", { content });
      await opened.uploaded("a.bin", "1");
      await opened.delete("assets", "a.bin");
      expect(await listed(opened, 0)).toEqual([ONE]);
    });

    test("one that is claimed is not listed until the last claim is given up", async () => {
      await using opened = await openStoreUnderTest(open, { keepRevisions: 1 });
      const claims = [await opened.store.claimBlob(ONE), await opened.store.claimBlob(ONE)] as const;
      expect(new Set(claims).size).toBe(2);
      expect(await listed(opened, 0)).toEqual([]);
      await opened.store.releaseClaim(claims[0]);
      await opened.store.releaseClaim(claims[0]);
      expect(await listed(opened, 0)).toEqual([]);
      await opened.store.releaseClaim(claims[1]);
      expect(await listed(opened, 0)).toEqual([ONE]);
    });

    test("one that is unnamed and claimed anew is kept for the upload that claims it", async () => {
      await using opened = await openStoreUnderTest(open, { keepRevisions: 1 });
      await opened.uploaded("a.bin", "1");
      await opened.delete("assets", "a.bin");
      opened.pass(5 * HOUR_MS);
      const claim = await opened.store.claimBlob(ONE);
      expect(await listed(opened, 0)).toEqual([]);
      await opened.store.saveAsset(
        {
          filename: "b.bin",
          sha256: ONE,
          size: 1,
          claim,
          precondition: "none",
          message: null,
          reading: null,
        },
        anyone,
      );
      expect(await listed(opened, 0)).toEqual([]);
      await opened.delete("assets", "b.bin");
      expect(await listed(opened, 0)).toEqual([ONE]);
    });

    test("a claim that nobody gives up ends after an hour", async () => {
      await using opened = await openStoreUnderTest(open, { keepRevisions: 1 });
      await opened.store.claimBlob(ONE);
      opened.pass(HOUR_MS - 1);
      expect(await listed(opened, 0)).toEqual([]);
      opened.pass(1);
      expect(await listed(opened, 0)).toEqual([ONE]);
    });

    test("one that is forgotten is not listed, and may come back", async () => {
      await using opened = await openStoreUnderTest(open, { keepRevisions: 1 });
      await opened.uploaded("a.bin", "1");
      await opened.uploaded("b.bin", "2");
      await opened.delete("assets", "a.bin");
      await opened.delete("assets", "b.bin");
      await opened.store.forgetBlobs([]);
      await opened.store.forgetBlobs([ONE, sha256Of("unknown")]);
      expect(await listed(opened, 0)).toEqual([TWO]);
      await opened.uploaded("a.bin", "1");
      await opened.delete("assets", "a.bin");
      expect(await listed(opened, 0)).toEqual([ONE, TWO].toSorted());
    });

    test("one that was named meanwhile is not forgotten", async () => {
      await using opened = await openStoreUnderTest(open, { keepRevisions: 1 });
      await opened.uploaded("a.bin", "1");
      await opened.store.forgetBlobs([ONE]);
      await opened.delete("assets", "a.bin");
      expect(await listed(opened, 0)).toEqual([ONE]);
    });

    test("a thousand are listed at a time, until all are forgotten", async () => {
      await using opened = await openStoreUnderTest(open, { keepRevisions: 1 });
      const all = Array.from({ length: 1_005 }, (_, number) => sha256Of(`${number}`));
      await Promise.all(
        all.map(async (sha256) => opened.store.releaseClaim(await opened.store.claimBlob(sha256))),
      );
      const first = await opened.store.listUnnamedBlobs(0);
      expect(first).toHaveLength(1_000);
      await opened.store.forgetBlobs(first);
      const rest = await opened.store.listUnnamedBlobs(0);
      expect([...first, ...rest].toSorted()).toEqual(all.toSorted());
    });
  });
}

async function listed({ store }: StoreUnderTest, unnamedForMs: number): Promise<string[]> {
  return (await store.listUnnamedBlobs(unnamedForMs)).toSorted();
}
