import { describe, expect, test } from "bun:test";
import { etagOf } from "../../../src/store/index.ts";
import { macOf, type OpenStore, openStoreUnderTest } from "../store-under-test.ts";

const PORCH = macOf(1);
const CELLAR = macOf(2);

export function concurrencyContract(open: OpenStore): void {
  describe("many at once", () => {
    test("of a hundred who change one version, exactly one wins, round after round", async () => {
      await using opened = await openStoreUnderTest(open);
      let current = await opened.saved(PORCH);
      for (let round = 0; round < 10; round++) {
        const precondition = { etags: [etagOf(current)] };
        const outcomes = await Promise.all(
          Array.from({ length: 100 }, (_, writer) =>
            opened.saveConfig(PORCH, { precondition, content: Buffer.from(`{"writer":${writer}}`) }),
          ),
        );
        const won = outcomes.flatMap((outcome) => (outcome.kind === "saved" ? [outcome.version] : []));
        expect(won).toHaveLength(1);
        expect(outcomes.filter(({ kind }) => kind === "preconditionFailed")).toHaveLength(99);
        current = (await opened.store.findConfig(PORCH))?.version ?? current;
        expect([current]).toEqual(won);
      }
      expect(current.revision).toBe(11);
    });

    test("of a hundred who make one file, exactly one does", async () => {
      await using opened = await openStoreUnderTest(open);
      const attempts = Array.from({ length: 100 }, (_, number) =>
        opened.saveConfig(PORCH, number % 2 === 0 ? { precondition: "absent" } : { allowOverwrite: false }),
      );
      const outcomes = await Promise.all(attempts);
      expect(outcomes.filter(({ kind }) => kind === "saved")).toHaveLength(1);
    });

    test("saves of one file take revisions without a gap, and none twice", async () => {
      await using opened = await openStoreUnderTest(open);
      const versions = await Promise.all(Array.from({ length: 200 }, () => opened.saved(PORCH)));
      const revisions = versions.map(({ revision }) => revision).toSorted((one, other) => one - other);
      expect(revisions).toEqual(Array.from({ length: 200 }, (_, number) => number + 1));
      expect(await opened.due()).toEqual([`configs/${PORCH}@200`]);
    });

    test("what is refused among many does not undo the others", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      const outcomes = await Promise.all(
        [...Array(60).keys()].map((number) => {
          if (number % 3 === 0) return opened.saveConfig(PORCH, { allowOverwrite: false });
          if (number % 3 === 1) return opened.delete("configs", PORCH, { etags: [`"x"`] });
          return opened.saveConfig(macOf(number));
        }),
      );
      expect(outcomes.filter(({ kind }) => kind === "saved")).toHaveLength(20);
      expect((await opened.store.counts()).configs).toBe(21);
      expect((await opened.store.findConfig(PORCH))?.version.revision).toBe(1);
    });

    test("a save that is answered is found, listed and counted from then on", async () => {
      await using opened = await openStoreUnderTest(open);
      const looks = [...Array(30).keys()].map(async (number) => {
        const mac = macOf(number);
        await opened.saved(mac);
        const [config, [row], { configs }] = await Promise.all([
          opened.store.findConfig(mac),
          opened.store.listConfigs({ after: null, limit: 1, q: mac }),
          opened.store.counts(),
        ]);
        return config?.mac === mac && row?.mac === mac && configs > 0;
      });
      expect(await Promise.all(looks)).not.toContain(false);
      expect((await opened.store.counts()).configs).toBe(30);
    });

    test("a config is read whole while it is replaced: its bytes are those of its hash", async () => {
      await using opened = await openStoreUnderTest(open);
      await opened.saved(PORCH);
      let isWriting = true;
      const writing = Promise.all(
        [...Array(100).keys()].map((number) =>
          opened.saved(PORCH, { content: Buffer.alloc(20_000, `${number}`), deviceName: `${number}` }),
        ),
      ).then(() => {
        isWriting = false;
      });
      while (isWriting) {
        const found = await opened.store.findConfig(PORCH);
        const hash = new Bun.CryptoHasher("sha256").update(found?.content ?? "").digest("hex");
        expect(hash).toBe(found?.version.sha256 ?? "");
        await new Promise(setImmediate);
      }
      await writing;
    });

    test("settled and saved at once, a file is never left without an announcement of its newest", async () => {
      await using opened = await openStoreUnderTest(open);
      for (let round = 0; round < 20; round++) {
        await opened.saved(CELLAR);
        const inFlight = await opened.store.claimAnnouncements(10);
        const [version] = await Promise.all([
          opened.saved(CELLAR),
          opened.store.settleAnnouncements(inFlight),
          opened.store.postponeAnnouncements(
            inFlight.map((each) => ({ ...each, notBefore: new Date(opened.now().getTime() + 1_000) })),
          ),
        ]);
        expect(await opened.due()).toEqual([`configs/${CELLAR}@${version.revision}`]);
      }
    });
  });
}
