import { expect, test } from "bun:test";
import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  record,
} from "fast-check";
import type { Announcement, FileKey } from "../../../src/store/index.ts";
import { type Asked, Model } from "../model.ts";
import {
  anyone,
  configOf,
  macOf,
  type OpenStore,
  openStoreUnderTest,
  type StoreUnderTest,
  sha256Of,
} from "../store-under-test.ts";

const MACS = [macOf(1), macOf(2), macOf(3)];
const FILENAMES = ["a.bin", "b.bin"];
const CONTENTS = ["1", "2", "3"];
/** So few that histories reach beyond. */
const KEEP = 3;
const WHOLE = { after: null, limit: 100, q: null };

const FILES: readonly FileKey[] = [
  ...MACS.map((name) => ({ kind: "configs", name }) as const),
  ...FILENAMES.map((name) => ({ kind: "assets", name }) as const),
];

/** One step of a history. What is claimed is held by the test, as the relay does while it publishes. */
type Step =
  | {
      readonly do: "save";
      readonly mac: string;
      readonly content: string;
      readonly mayOverwrite: boolean;
      readonly asked: Asked;
    }
  | { readonly do: "upload"; readonly filename: string; readonly content: string }
  | { readonly do: "delete"; readonly file: FileKey; readonly asked: Asked }
  | { readonly do: "claim"; readonly most: number }
  | { readonly do: "settle" }
  | { readonly do: "postpone"; readonly restMs: number }
  | { readonly do: "collect" }
  | { readonly do: "pass"; readonly ms: number }
  | { readonly do: "reopen" };

export function historiesContract(open: OpenStore): void {
  test("whatever is done in whatever order, the store holds what a plain model of it holds", async () => {
    const law = asyncProperty(array(step(), { minLength: 10, maxLength: 60 }), async (steps) => {
      await using opened = await openStoreUnderTest(open, { keepRevisions: KEEP });
      const model = new Model(KEEP);
      let held: readonly Announcement[] = [];
      for (const each of steps) held = await take(each, opened, model, held);
      await expectSame(opened, model);
      await opened.reopen();
      await expectSame(opened, model);
    });
    await assert(law, { numRuns: 8 });
  });
}

function step(): Arbitrary<Step> {
  const content = constantFrom(...CONTENTS);
  const asked = oneof(
    { weight: 6, arbitrary: constant<Asked>("none") },
    { weight: 4, arbitrary: constantFrom<Asked>("absent", "any", "current", "other") },
  );
  const file = constantFrom(...FILES);
  const steps = {
    save: record({
      do: constant("save"),
      mac: constantFrom(...MACS),
      content,
      mayOverwrite: boolean(),
      asked,
    }),
    upload: record({ do: constant("upload"), filename: constantFrom(...FILENAMES), content }),
    delete: record({ do: constant("delete"), file, asked }),
    claim: record({ do: constant("claim"), most: integer({ min: 0, max: 4 }) }),
    settle: record({ do: constant("settle") }),
    postpone: record({ do: constant("postpone"), restMs: integer({ min: 0, max: 60_000 }) }),
    collect: record({ do: constant("collect") }),
    pass: record({ do: constant("pass"), ms: integer({ min: -3_600_000, max: 60_000 }) }),
    reopen: record({ do: constant("reopen") }),
  } as const;
  return oneof(
    { weight: 30, arbitrary: steps.save },
    { weight: 20, arbitrary: steps.upload },
    { weight: 15, arbitrary: steps.delete },
    { weight: 10, arbitrary: steps.claim },
    { weight: 6, arbitrary: steps.settle },
    { weight: 6, arbitrary: steps.postpone },
    { weight: 5, arbitrary: steps.collect },
    { weight: 8, arbitrary: steps.pass },
    { weight: 1, arbitrary: steps.reopen },
  );
}

/** Does a step in both, holds the store's answer against the model's, and gives what is claimed from now on. */
async function take(
  each: Step,
  opened: StoreUnderTest,
  model: Model,
  held: readonly Announcement[],
): Promise<readonly Announcement[]> {
  const { store, now } = opened;
  switch (each.do) {
    case "save": {
      const precondition = model.precondition({ kind: "configs", name: each.mac }, each.asked);
      const save = configOf(each.mac, {
        content: Buffer.from(each.content),
        deviceName: each.content,
        allowOverwrite: each.mayOverwrite,
        precondition,
      });
      expect(await store.saveConfig(save, anyone)).toEqual(model.saveConfig(save, now()));
      return held;
    }
    case "upload":
      expect(await opened.uploaded(each.filename, each.content)).toEqual(
        model.saveAsset(each.filename, each.content, now()),
      );
      return held;
    case "delete": {
      const precondition = model.precondition(each.file, each.asked);
      expect(await store.deleteFile({ ...each.file, precondition }, anyone)).toEqual(
        model.delete(each.file, precondition, now()),
      );
      return held;
    }
    case "claim": {
      const claimed = await store.claimAnnouncements(each.most);
      expect(claimed).toEqual(model.due(now()).slice(0, each.most));
      return claimed;
    }
    case "settle":
      await store.settleAnnouncements(held);
      model.settle(held);
      return held;
    case "postpone": {
      const notBefore = new Date(now().getTime() + each.restMs);
      await store.postponeAnnouncements(held.map((announcement) => ({ ...announcement, notBefore })));
      model.postpone(held, notBefore);
      return held;
    }
    case "collect": {
      const unnamed = await store.listUnnamedBlobs(0);
      expect(unnamed.toSorted()).toEqual(model.unnamed(now()));
      await store.forgetBlobs(unnamed);
      model.forget(unnamed);
      return held;
    }
    case "pass":
      opened.pass(each.ms);
      return held;
    case "reopen":
      await opened.reopen();
      return held;
  }
}

async function expectSame({ store, now }: StoreUnderTest, model: Model): Promise<void> {
  expect(await store.counts()).toEqual(model.counts());
  for (const mac of MACS) {
    const found = await store.findConfig(mac);
    expect(found?.version ?? null).toEqual(model.find({ kind: "configs", name: mac }));
  }
  expect((await store.listConfigs(WHOLE)).map(({ mac }) => mac)).toEqual(model.names("configs"));
  expect((await store.listAssets(WHOLE)).map(({ name }) => name)).toEqual(model.names("assets"));
  for (const name of FILENAMES) {
    expect(await store.findAsset(name)).toEqual(model.find({ kind: "assets", name }));
  }
  for (const file of FILES) {
    const kept = model.revisions(file);
    expect(await store.listRevisions(file, null, 100)).toEqual(kept);
    for (let revision = 0; revision <= (kept[0]?.revision ?? 0) + 1; revision++) {
      const expected = kept.find((each) => each.revision === revision) ?? null;
      expect(await store.findRevision(file, revision)).toEqual(expected);
      if (file.kind === "assets") continue;
      const content = await store.findContent(file.name, revision);
      expect(content && sha256Of(content)).toBe(expected?.sha256 ?? null);
    }
  }
  expect(await store.claimAnnouncements(100)).toEqual(model.due(now()));
  expect((await store.listUnnamedBlobs(0)).toSorted()).toEqual(model.unnamed(now()));
}
