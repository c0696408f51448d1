import { describe, expect, test } from "bun:test";
import { assert, asyncProperty, boolean, constantFrom, option, string, uint8Array } from "fast-check";
import { etagOf, type Precondition } from "../../../src/store/index.ts";
import { configOf, macOf, type OpenStore, openStoreUnderTest, sha256Of } from "../store-under-test.ts";

const PORCH = macOf(1);
const CELLAR = macOf(2);

export function filesContract(open: OpenStore): void {
  describe("files", () => {
    test("each change of a file takes its next revision, whatever other files do", async () => {
      await using opened = await openStoreUnderTest(open);
      expect((await opened.saved(PORCH)).revision).toBe(1);
      expect((await opened.saved(CELLAR)).revision).toBe(1);
      expect((await opened.saved(PORCH)).revision).toBe(2);
      expect((await opened.uploaded(PORCH, "an asset of the same name")).revision).toBe(1);
      expect((await opened.uploaded(PORCH, "another")).revision).toBe(2);
    });

    test("a delete takes a revision too, and a file made anew goes on from there", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      expect(await opened.delete("configs", PORCH)).toEqual({ kind: "deleted", revision: 2 });
      expect((await opened.saved(PORCH)).revision).toBe(3);
      await opened.uploaded("a.bin", "1");
      expect(await opened.delete("assets", "a.bin")).toEqual({ kind: "deleted", revision: 2 });
      expect((await opened.uploaded("a.bin", "1")).revision).toBe(3);
    });

    test("a delete of what is not there is missing, and takes no revision", async () => {
      await using opened = await openStoreUnderTest(open);
      expect(await opened.delete("configs", PORCH)).toEqual({ kind: "missing" });
      await opened.saved(PORCH);
      await opened.delete("configs", PORCH);
      expect(await opened.delete("configs", PORCH)).toEqual({ kind: "missing" });
      expect(await opened.delete("assets", PORCH)).toEqual({ kind: "missing" });
      expect((await opened.saved(PORCH)).revision).toBe(3);
    });

    test("a version says what was saved and when", async () => {
      await using opened = await openStoreUnderTest(open);
      const content = Buffer.from("{}");
      opened.pass(1_234);
      const version = await opened.saved(PORCH, { content });
      const changedAt = opened.now();
      const expected = { name: PORCH, revision: 1, sha256: sha256Of("{}"), size: 2, changedAt };
      expect(version).toEqual({ kind: "configs", ...expected });
      opened.pass(1_000);
      expect((await opened.store.findConfig(PORCH))?.version).toEqual(version);
      const asset = await opened.uploaded("a.bin", "12345");
      expect(asset).toMatchObject({ kind: "assets", size: 5, sha256: sha256Of("12345") });
      expect(await opened.store.findAsset("a.bin")).toEqual(asset);
    });

    test("what is not there, or is there no more, is not found", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      await opened.uploaded("a.bin", "1");
      await opened.delete("configs", PORCH);
      await opened.delete("assets", "a.bin");
      for (const mac of [PORCH, CELLAR, "a.bin"]) expect(await opened.store.findConfig(mac)).toBeNull();
      for (const name of [PORCH, "a.bin", "A.bin"]) expect(await opened.store.findAsset(name)).toBeNull();
    });

    test("names that differ in case or form alone are different files", async () => {
      await using opened = await openStoreUnderTest(open);
      const names = ["a.bin", "A.bin", "a.bin ", "\u00e9", "e\u0301", "a%", "a_", "a'\"\\"];
      for (const name of names) expect((await opened.uploaded(name, name)).revision).toBe(1);
      for (const name of names) {
        expect(await opened.store.findAsset(name)).toMatchObject({ name, sha256: sha256Of(name) });
      }
    });

    test("a config comes back as it was written, byte for byte", async () => {
      await using opened = await openStoreUnderTest(open);
      const character = constantFrom(...'a"\\\0\u001f\u007f\u00e9\u2028\ufeff\uffff\u{1f600}');
      const text = option(string({ unit: character, maxLength: 20 }));
      const law = asyncProperty(
        uint8Array({ maxLength: 300 }),
        text,
        text,
        option(boolean()),
        async (content, deviceName, deviceEntityId, enableOta) => {
          const saved = configOf(PORCH, { content, deviceName, deviceEntityId, enableOta });
          await opened.saved(PORCH, saved);
          const found = await opened.store.findConfig(PORCH);
          expect(found).toMatchObject({ mac: PORCH, deviceName, deviceEntityId, enableOta });
          expect(Buffer.from(found?.content ?? [])).toEqual(Buffer.from(content));
          expect(found?.version).toMatchObject({ sha256: sha256Of(content), size: content.length });
        },
      );
      await assert(law, { numRuns: 30 });
    });

    test("a part of a larger buffer is stored as that part alone", async () => {
      await using opened = await openStoreUnderTest(open);
      const body = Buffer.from(`{"content":{"a":1},"allow_overwrite":true}`);
      await opened.saved(PORCH, { content: body.subarray(11, 18) });
      expect(Buffer.from((await opened.store.findConfig(PORCH))?.content ?? []).toString()).toBe(`{"a":1}`);
    });

    test("a large config is stored whole", async () => {
      await using opened = await openStoreUnderTest(open);
      const content = Buffer.alloc(3 * 1024 * 1024, "0123456789");
      await opened.saved(PORCH, { content });
      expect(sha256Of((await opened.store.findConfig(PORCH))?.content ?? "")).toBe(sha256Of(content));
    });
  });

  describe("conditions of a change", () => {
    const matches: readonly [string, (etag: string) => Precondition, boolean, boolean][] = [
      ["nothing is asked", () => "none", true, true],
      ["there must be none", () => "absent", false, true],
      ["there must be any", () => ({ etags: "*" }), true, false],
      ["its ETag is named", (etag) => ({ etags: [etag] }), true, false],
      ["its ETag is one of several", (etag) => ({ etags: [`"x"`, etag] }), true, false],
      ["another ETag is named", () => ({ etags: [`"x"`] }), false, false],
      ["its ETag is named weakly", (etag) => ({ etags: [`W/${etag}`] }), false, false],
      ["no ETag is named", () => ({ etags: [] }), false, false],
    ];

    test("are held against what is there, for saves", async () => {
      await using opened = await openStoreUnderTest(open);
      for (const [asked, of, holds, holdsOfNone] of matches) {
        const before = await opened.saved(PORCH);
        const precondition = of(etagOf(before));
        const { kind } = await opened.saveConfig(PORCH, { precondition });
        expect({ asked, kind }).toEqual({ asked, kind: holds ? "saved" : "preconditionFailed" });
        const after = await opened.store.findConfig(PORCH);
        expect(after?.version.revision).toBe(before.revision + (holds ? 1 : 0));

        await opened.delete("configs", CELLAR);
        const ofNone = await opened.saveConfig(CELLAR, { precondition });
        const kindOfNone = holdsOfNone ? "saved" : "preconditionFailed";
        expect({ asked, kind: ofNone.kind }).toEqual({ asked, kind: kindOfNone });
      }
    });

    test("are held against what is there, for deletes", async () => {
      await using opened = await openStoreUnderTest(open);
      for (const [asked, of, holds] of matches) {
        for (const before of [await opened.saved(PORCH), await opened.uploaded("a.bin", "1")]) {
          const { kind } = await opened.delete(before.kind, before.name, of(etagOf(before)));
          expect({ asked, kind }).toEqual({ asked, kind: holds ? "deleted" : "preconditionFailed" });
        }
        expect((await opened.delete("configs", CELLAR, of(`"x"`))).kind).toBe("missing");
      }
    });

    test("an ETag of before does not hold any more, also where the same bytes were saved again", async () => {
      await using opened = await openStoreUnderTest(open);
      const etags = [etagOf(await opened.saved(PORCH))];
      await opened.saved(PORCH);
      expect((await opened.saveConfig(PORCH, { precondition: { etags } })).kind).toBe("preconditionFailed");
      await opened.delete("configs", PORCH);
      expect((await opened.saveConfig(PORCH, { precondition: { etags } })).kind).toBe("preconditionFailed");
      expect((await opened.saveConfig(PORCH, { precondition: "absent" })).kind).toBe("saved");
    });

    test("a save that may not overwrite makes a config, and leaves one that exists as it is", async () => {
      await using opened = await openStoreUnderTest(open);
      const allowOverwrite = false;
      expect((await opened.saveConfig(PORCH, { allowOverwrite })).kind).toBe("saved");
      const before = await opened.store.findConfig(PORCH);
      const again = await opened.saveConfig(PORCH, { allowOverwrite, content: Buffer.from("{}") });
      expect(again).toEqual({ kind: "exists" });
      expect(await opened.store.findConfig(PORCH)).toEqual(before);
      await opened.delete("configs", PORCH);
      expect((await opened.saveConfig(PORCH, { allowOverwrite })).kind).toBe("saved");
    });
  });
}
