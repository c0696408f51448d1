import { describe, expect, test } from "bun:test";
import { array, assert, asyncProperty, constantFrom, option, record, string } from "fast-check";
import type { Page, Store } from "../../../src/store/index.ts";
import { configOf, macOf, type OpenStore, openStoreUnderTest } from "../store-under-test.ts";

const WHOLE = { after: null, limit: 1_000 };

export function listsContract(open: OpenStore): void {
  describe("lists", () => {
    test("configs are listed by MAC, with the summaries that were saved last", async () => {
      await using opened = await openStoreUnderTest(open);
      for (const number of [3, 1, 2, 4]) await opened.saved(macOf(number), { deviceName: "before" });
      const summary = { deviceName: "porch", deviceEntityId: "light.porch", enableOta: false };
      await opened.saved(macOf(2), summary);
      await opened.saved(macOf(3));
      await opened.delete("configs", macOf(4));
      const nothing = { deviceName: null, deviceEntityId: null, enableOta: null };
      expect(await opened.store.listConfigs({ ...WHOLE, q: null })).toEqual([
        { mac: macOf(1), ...nothing, deviceName: "before" },
        { mac: macOf(2), ...summary },
        { mac: macOf(3), ...nothing },
      ]);
    });

    test("assets are listed by the bytes of their names", async () => {
      await using opened = await openStoreUnderTest(open);
      const names = ["\u{1f600}.bin", "\uff5e.bin", "\u00e9", "e", "b.bin", "B.bin", "a.bin", "a", "a b"];
      for (const name of names) await opened.uploaded(name, name);
      await opened.delete("assets", "b.bin");
      const listed = await opened.store.listAssets(WHOLE);
      const sorted = names.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
      expect(listed.map(({ name }) => name)).toEqual(sorted.filter((name) => name !== "b.bin"));
      for (const version of listed) expect(await opened.store.findAsset(version.name)).toEqual(version);
    });

    test("pages give each row once, and a page is no longer than its limit", async () => {
      await using opened = await openStoreUnderTest(open);
      const numbers = [...Array(7).keys()];
      await Promise.all(numbers.map((number) => opened.saved(macOf(number))));
      await Promise.all(numbers.map((number) => opened.uploaded(`${number}.bin`, `${number}`)));
      for (const limit of [1, 2, 3, 7, 8]) {
        const configs = await inPages(limit, async (after) =>
          (await opened.store.listConfigs({ after, limit, q: null })).map(({ mac }) => mac),
        );
        expect(configs).toEqual(numbers.map(macOf));
        const assets = await inPages(limit, async (after) =>
          (await opened.store.listAssets({ after, limit })).map(({ name }) => name),
        );
        expect(assets).toEqual(numbers.map((number) => `${number}.bin`));
      }
    });

    test("a page goes on after a name that is not, or no longer, there", async () => {
      await using opened = await openStoreUnderTest(open);
      for (const number of [1, 2, 3]) await opened.saved(macOf(number));
      await opened.delete("configs", macOf(2));
      expect(await macs(opened.store, null, { after: macOf(2), limit: 5 })).toEqual([macOf(3)]);
      expect(await macs(opened.store, null, { after: "zz", limit: 5 })).toEqual([]);
    });

    test("a search finds what holds it in MAC, name or entity id, in any case", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(macOf(1), { deviceName: "Front Porch" });
      await opened.saved(macOf(2), { deviceEntityId: "light.porch_2" });
      await opened.saved(macOf(3), { deviceName: "K\u00fcche", deviceEntityId: "light.kitchen" });
      const found = (q: string) => macs(opened.store, q);
      expect(await found("PORCH")).toEqual([macOf(1), macOf(2)]);
      expect(await found("t p")).toEqual([macOf(1)]);
      expect(await found("AA-00-00-00-00-02")).toEqual([macOf(2)]);
      expect(await found("\u00fcche")).toEqual([macOf(3)]);
      expect(await found("Light.")).toEqual([macOf(2), macOf(3)]);
      expect(await found("garage")).toEqual([]);
      expect(await found("")).toHaveLength(3);
    });

    test("a search takes every character for itself", async () => {
      await using opened = await openStoreUnderTest(open);
      const character = constantFrom(..."%_'\"\\*?[]^-;aAbB\u00e9\0 ");
      const piece = string({ unit: character, maxLength: 3 });
      const row = record({ deviceName: option(piece), deviceEntityId: option(piece) });
      const law = asyncProperty(array(row, { minLength: 4, maxLength: 4 }), piece, async (rows, q) => {
        await Promise.all(rows.map((each, number) => opened.saved(macOf(number), each)));
        const expected = rows.flatMap((each, number) => {
          const saved = configOf(macOf(number), each);
          const texts = [saved.mac, saved.deviceName ?? "", saved.deviceEntityId ?? ""];
          return texts.some((held) => held.toLowerCase().includes(q.toLowerCase())) ? [saved.mac] : [];
        });
        expect(await macs(opened.store, q)).toEqual(expected);
      });
      await assert(law, { numRuns: 100 });
    });

    test("a search is paged like the whole", async () => {
      await using opened = await openStoreUnderTest(open);
      for (const number of [1, 2, 3, 4, 5]) {
        await opened.saved(macOf(number), { deviceName: number % 2 === 1 ? "odd" : "even" });
      }
      expect(await macs(opened.store, "odd", { after: null, limit: 2 })).toEqual([macOf(1), macOf(3)]);
      expect(await macs(opened.store, "odd", { after: macOf(3), limit: 2 })).toEqual([macOf(5)]);
    });

    test("many lists asked for at once are each given their own", async () => {
      await using opened = await openStoreUnderTest(open);
      await Promise.all([...Array(20).keys()].map((number) => opened.saved(macOf(number))));
      const lists = [...Array(20).keys()].map(async (number) => {
        if (number % 3 === 0) return (await opened.store.listAssets(WHOLE)).length === 0;
        const [only] = await macs(opened.store, macOf(number));
        return only === macOf(number);
      });
      expect(await Promise.all(lists)).not.toContain(false);
    });
  });
}

async function macs(store: Store, q: string | null, page: Page = WHOLE) {
  return (await store.listConfigs({ ...page, q })).map(({ mac }) => mac);
}

async function inPages(
  limit: number,
  read: (after: string | null) => Promise<readonly string[]>,
): Promise<string[]> {
  const all: string[] = [];
  for (let rows = await read(null); rows.length > 0; rows = await read(all.at(-1) ?? null)) {
    expect(rows.length).toBeLessThanOrEqual(limit);
    all.push(...rows);
  }
  return all;
}
