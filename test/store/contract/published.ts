import { describe, expect, test } from "bun:test";
import type { DeviceChange, Published } from "../../../src/store/index.ts";
import { macOf, type OpenStore, openStoreUnderTest } from "../store-under-test.ts";

const [PORCH, CELLAR, ATTIC] = [macOf(1), macOf(2), macOf(3)];
const DAY_MS = 24 * 60 * 60_000;

export function publishedContract(open: OpenStore): void {
  describe("what another system was shown", () => {
    test("is kept and replaced, also over a new start", async () => {
      await using opened = await openStoreUnderTest(open);
      const [config, plug] = [shown(PORCH, "configs", PORCH), shown(PORCH, "assets", "plug.bin")];
      const ofPorch = () => opened.store.published.listPublished(PORCH);
      await opened.store.published.notePublished(
        [config, plug, shown(CELLAR, "configs", CELLAR)],
        [],
        "first",
      );
      await opened.reopen();
      expect(await opened.store.published.readMark()).toBe("first");
      expect(new Set(await ofPorch())).toEqual(new Set([config, plug]));
      const changed = { ...plug, topic: "elsewhere", stateDigest: "s2", optional: "" };
      await opened.store.published.notePublished([changed], [], "second");
      expect(await opened.store.published.readMark()).toBe("second");
      expect(new Set(await ofPorch())).toEqual(new Set([config, changed]));
      await opened.store.published.notePublished([plug], [], null);
      expect(await opened.store.published.readMark()).toBe("second");
      expect(new Set(await ofPorch())).toEqual(new Set([config, plug]));
    });

    test("is remembered for a day once it was taken back, unless it is shown again", async () => {
      await using opened = await openStoreUnderTest(open);
      const { published } = opened.store;
      const config = shown(PORCH, "configs", PORCH);
      await published.notePublished([config], [], "mark");
      await published.notePublished([], [config, shown(CELLAR, "configs", CELLAR)], "mark");
      expect(await published.listPublished(PORCH)).toEqual([{ ...config, isGone: true }]);
      expect(await published.listPublished(CELLAR)).toEqual([]);
      await published.notePublished([config], [], "mark");
      expect(await published.listPublished(PORCH)).toEqual([config]);
      await published.notePublished([], [config], "mark");
      opened.pass(DAY_MS);
      await published.notePublished([], [config], "mark");
      expect(await published.listPublished(PORCH)).toEqual([{ ...config, isGone: true }]);
      opened.pass(1);
      await published.notePublished([], [config], "mark");
      expect(await published.listPublished(PORCH)).toEqual([]);
    });

    test("is forgotten a day after it was taken back, whatever else is noted then", async () => {
      await using opened = await openStoreUnderTest(open);
      const { published } = opened.store;
      const [config, other] = [shown(PORCH, "configs", PORCH), shown(CELLAR, "configs", CELLAR)];
      await published.notePublished([config], [], "mark");
      await published.notePublished([], [config], "mark");
      opened.pass(DAY_MS + 1);
      await published.notePublished([other], [], "mark");
      expect(await published.listMacs("", 2)).toEqual([CELLAR]);
    });

    test("is remembered of 100,000 at most that were taken back, and those are the last", async () => {
      await using opened = await openStoreUnderTest(open);
      const { published } = opened.store;
      const config = shown(macOf(0), "configs", "first");
      const others = Array.from({ length: 100_000 }, (_, n) => shown(macOf(1), "assets", String(n)));
      await published.notePublished([config, ...others], [], "mark");
      await published.notePublished([], [config], "mark");
      opened.pass(1);
      await published.notePublished([], others, "mark");
      expect(await published.listMacs("", 2)).toEqual([macOf(1)]);
      expect(await published.listPublished(macOf(1))).toHaveLength(others.length);
    });

    test("is found of devices that are not there any more", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(ATTIC);
      await opened.saved(PORCH);
      const { published } = opened.store;
      await published.notePublished(
        [shown(CELLAR, "configs", CELLAR), shown(PORCH, "configs", PORCH)],
        [],
        "mark",
      );
      expect(await published.listMacs("", 2)).toEqual([PORCH, CELLAR]);
      expect(await published.listMacs(CELLAR, 2)).toEqual([ATTIC]);
    });
  });

  test("those who watch are told of devices that were seen, edited or forgotten, once that is kept", async () => {
    await using opened = await openStoreUnderTest(open);
    const { store } = opened;
    await opened.saved(PORCH);
    const changes: DeviceChange[] = [];
    store.onDevices((change) => changes.push(change));
    await store.fleet.editDevice(PORCH, { name: "Porch" });
    const device = await store.fleet.findDevice(PORCH);
    if (device === null) throw new Error("it is not there");
    await store.fleet.saveSightings({ devices: [device], pickups: [], fetches: [], mostUnknown: 1 });
    await store.fleet.forgetDevice(PORCH);
    expect(changes).toEqual([{ macs: [PORCH] }, { macs: [PORCH] }, { macs: [PORCH] }]);
  });
}

function shown(mac: string, kind: Published["kind"], name: string): Published {
  const digests = { configDigest: "c", stateDigest: "s" };
  return { mac, kind, name, topic: `topic of ${name}`, ...digests, optional: "label", isGone: false };
}
