import { describe, expect, test } from "bun:test";
import type { Change } from "../../../src/store/index.ts";
import { macOf, type OpenStore, openStoreUnderTest } from "../store-under-test.ts";

const PORCH = macOf(1);

export function changesContract(open: OpenStore): void {
  describe("who watches the store", () => {
    test("is told once of each change, in order, with the version that it made", async () => {
      await using opened = await openStoreUnderTest(open);
      const told: Change[] = [];
      opened.store.onChange((change) => told.push(change));
      const first = await opened.saved(PORCH);
      const asset = await opened.uploaded("a.bin", "1");
      await opened.delete("configs", PORCH);
      const third = await opened.saved(PORCH);
      await opened.delete("assets", "a.bin");
      expect(told).toEqual([
        { kind: "configs", name: PORCH, revision: 1, version: first },
        { kind: "assets", name: "a.bin", revision: 1, version: asset },
        { kind: "configs", name: PORCH, revision: 2, version: null },
        { kind: "configs", name: PORCH, revision: 3, version: third },
        { kind: "assets", name: "a.bin", revision: 2, version: null },
      ]);
    });

    test("is told before the change is answered", async () => {
      await using opened = await openStoreUnderTest(open);
      const told = new Set<number>();
      opened.store.onChange(({ revision }) => told.add(revision));
      const answers = Array.from({ length: 50 }, async () => {
        const { revision } = await opened.saved(PORCH);
        return told.has(revision);
      });
      expect(await Promise.all(answers)).not.toContain(false);
      expect(told.size).toBe(50);
    });

    test("is told before the change can be announced", async () => {
      await using opened = await openStoreUnderTest(open);
      const told = new Map<string, number>();
      opened.store.onChange(({ name, revision }) => told.set(name, revision));
      const claims = Array.from({ length: 100 }, async (_, number) => {
        void opened.saved(macOf(number % 5));
        await Promise.resolve();
        const claimed = await opened.store.claimAnnouncements(10);
        return claimed.filter(({ name, revision }) => (told.get(name) ?? 0) < revision);
      });
      expect((await Promise.all(claims)).flat()).toEqual([]);
    });

    test("is not told of what changed nothing", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      const told: Change[] = [];
      opened.store.onChange((change) => told.push(change));
      await opened.saveConfig(PORCH, { allowOverwrite: false });
      await opened.saveConfig(PORCH, { precondition: { etags: [`"x"`] } });
      await opened.delete("configs", PORCH, { etags: [`"x"`] });
      await opened.delete("assets", PORCH);
      await opened.store.settleAnnouncements(await opened.store.claimAnnouncements(1));
      await opened.store.releaseClaim(await opened.store.claimBlob("a".repeat(64)));
      expect(told).toEqual([]);
    });

    test("finds the change by a look of its own", async () => {
      await using opened = await openStoreUnderTest(open);
      const found: Promise<number | undefined>[] = [];
      opened.store.onChange(({ name }) =>
        found.push(opened.store.findConfig(name).then((config) => config?.version.revision)),
      );
      await opened.saved(PORCH);
      await opened.saved(PORCH);
      expect(await Promise.all(found)).toEqual([1, 2]);
    });
  });
}
