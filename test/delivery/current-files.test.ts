import { describe, expect, test } from "bun:test";
import { Contents } from "../../src/delivery/contents.ts";
import { CurrentFiles } from "../../src/delivery/current-files.ts";
import { offer } from "../../src/delivery/offer.ts";
import { contentETag, openSqliteStore } from "../../src/store/index.ts";
import { anyone, macOf, openStoreUnderTest, type StoreUnderTest } from "../store/store-under-test.ts";

const PORCH = { kind: "configs", name: macOf(1) } as const;

describe("the current files", () => {
  test("are looked up once, and told of by the store from then on", async () => {
    await using watched = await watching();
    await watched.opened.saved(PORCH.name);
    expect((await watched.current.find(PORCH))?.revision).toBe(1);
    expect((await watched.current.find(PORCH))?.revision).toBe(1);
    await watched.opened.saved(PORCH.name);
    expect((await watched.current.find(PORCH))?.revision).toBe(2);
    expect(watched.looks).toBe(0); // The store had told of both.
    const later = watched.another();
    expect((await later.find(PORCH))?.revision).toBe(2);
    expect((await later.find(PORCH))?.revision).toBe(2);
    expect(watched.looks).toBe(1);
  });

  test("are gone when they are deleted, and back when they are made anew", async () => {
    await using watched = await watching();
    const asset = { kind: "assets", name: "a.bin" } as const;
    expect(await watched.current.find(asset)).toBeNull();
    await watched.opened.uploaded("a.bin", "1");
    expect((await watched.current.find(asset))?.revision).toBe(1);
    await watched.opened.delete("assets", "a.bin");
    expect(await watched.current.find(asset)).toBeNull();
    await watched.opened.uploaded("a.bin", "2");
    expect((await watched.current.find(asset))?.revision).toBe(3);
  });

  test("never go back by a look that ends after a change it has not seen", async () => {
    await using watched = await watching();
    await watched.opened.saved(PORCH.name);
    const endLook = watched.slowLook();
    const looking = watched.current.refresh(PORCH);
    await watched.opened.saved(PORCH.name);
    endLook();
    await looking;
    expect((await watched.current.find(PORCH))?.revision).toBe(2);
  });

  test("are not lost by a look that found nothing, and ends after the file was made", async () => {
    await using watched = await watching();
    const endLook = watched.slowLook();
    const looking = watched.current.find(PORCH);
    await watched.opened.saved(PORCH.name);
    endLook();
    await looking;
    expect((await watched.current.find(PORCH))?.revision).toBe(1);
  });

  test("do not come back by a look that ends after their delete", async () => {
    await using watched = await watching();
    await watched.opened.saved(PORCH.name);
    const endLook = watched.slowLook();
    const looking = watched.current.refresh(PORCH);
    await watched.opened.delete("configs", PORCH.name);
    expect(await watched.current.find(PORCH)).toBeNull();
    endLook();
    await looking;
    expect(await watched.current.find(PORCH)).toBeNull();
  });
});

describe("an offer", () => {
  test("is of the newest, to everybody the same, under the name of its bytes", async () => {
    await using watched = await watching();
    await watched.opened.saved(PORCH.name);
    const { revision, sha256, size, changedAt } = await watched.opened.saved(PORCH.name);
    const etag = contentETag(sha256);
    expect(await offer(watched.current, PORCH, anyone)).toEqual({
      ...PORCH,
      revision,
      etag,
      sha256,
      size,
      personal: false,
      immutable: false,
      wholeOnly: false,
      changedAt,
    });
  });

  test("is none of what is not there", async () => {
    await using watched = await watching();
    expect(await offer(watched.current, PORCH, anyone)).toBeNull();
  });
});

/** The current files of a store whose looks are counted, and can be held up. */
class Watched implements AsyncDisposable {
  readonly current: CurrentFiles;
  looks = 0;
  #held: Promise<void> = Promise.resolve();

  constructor(readonly opened: StoreUnderTest) {
    const { store } = opened;
    const findConfig = store.findConfig.bind(store);
    store.findConfig = async (mac) => {
      this.looks += 1;
      const held = this.#held;
      this.#held = Promise.resolve();
      const found = await findConfig(mac);
      await held;
      return found;
    };
    this.current = this.another();
  }

  another(): CurrentFiles {
    const { store } = this.opened;
    return new CurrentFiles(store, new Contents(store));
  }

  /** The next look sees what is there now, and ends only when it is let. */
  slowLook(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.opened[Symbol.asyncDispose]();
  }
}

async function watching(): Promise<Watched> {
  return new Watched(await openStoreUnderTest(async (options) => openSqliteStore(options)));
}
