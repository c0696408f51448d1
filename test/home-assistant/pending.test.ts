import { expect, test } from "bun:test";
import { Pending } from "../../src/home-assistant/pending.ts";
import { openSqliteStore, type Published, type Store } from "../../src/store/index.ts";
import { tempDir } from "../support/temp-dir.ts";

const AT_ONCE = 16;
/** More than are remembered one by one. */
const MANY = Array.from({ length: 20_100 }, (_, n) => macOf(n));

test("what is not remembered one by one has its turn too, while more changes than can be looked at", async () => {
  await using ours = await startStore();
  const { pending, store } = ours;
  const last = MANY.slice(-100);
  await store.published.notePublished(last.map(shown), [], null);
  pending.add(MANY);
  const waiting = new Set(last);
  for (let looks = 0; waiting.size > 0; looks++) {
    expect(looks).toBeLessThan(50);
    for (const { mac } of await pending.take(AT_ONCE)) waiting.delete(mac);
    pending.add(MANY); // Some are not remembered, each time.
  }
});

test("where some are not remembered while all are looked at, all are looked at once more, and then no more", async () => {
  await using ours = await startStore();
  const { pending, store } = ours;
  const [first, ...others] = MANY.slice(-20);
  if (first === undefined) throw new Error("there are none");
  await store.published.notePublished([first, ...others].map(shown), [], null);
  pending.addAll(false);
  expect((await pending.take(AT_ONCE)).map(({ mac }) => mac)).toContain(first);
  pending.add(MANY.slice(0, 20_000));
  pending.add([first]);
  const taken: string[] = [];
  for (;;) {
    const macs = (await pending.take(AT_ONCE)).map(({ mac }) => mac);
    if (macs.length === 0) break;
    taken.push(...macs);
  }
  expect(taken.filter((mac) => mac === first)).toHaveLength(1);
});

async function startStore() {
  const dir = await tempDir();
  const store: Store = openSqliteStore({
    dataDir: dir.path,
    announces: false,
    keepRevisions: 20,
    now: () => new Date(),
  });
  return {
    store,
    pending: new Pending(store.fleet, store.published),
    async [Symbol.asyncDispose]() {
      await store.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

function shown(mac: string): Published {
  return {
    mac,
    kind: "configs",
    name: mac,
    topic: "t",
    configDigest: "c",
    stateDigest: "s",
    optional: "",
    isGone: false,
  };
}

function macOf(n: number): string {
  return n
    .toString(16)
    .padStart(12, "0")
    .replaceAll(/..(?!$)/g, "$&-");
}
