import { describe, expect, test } from "bun:test";
import { readdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { Collector } from "../../src/assets/index.ts";
import { type DiskBlobs, openDiskBlobs } from "../../src/blobs/index.ts";
import { openSqliteStore } from "../../src/store/index.ts";
import { anyone, openStoreUnderTest, type StoreUnderTest } from "../store/store-under-test.ts";
import { Lines } from "../support/lines.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const HOUR_MS = 60 * 60_000;

describe("the collector", () => {
  test("removes a blob an hour after the last asset has let it go, and not before", async () => {
    await using collecting = await startCollecting();
    const old = await collecting.upload("a.bin", "old");
    const current = await collecting.upload("a.bin", "current");
    collecting.opened.pass(HOUR_MS - 1);
    await collecting.collect();
    expect(await collecting.blobs.exists(old)).toBe(true);
    collecting.opened.pass(1);
    await collecting.collect();
    expect(await collecting.blobs.exists(old)).toBe(false);
    expect(await collecting.blobs.exists(current)).toBe(true);
    expect(await collecting.opened.store.listUnnamedBlobs(0)).toEqual([]);
  });

  test("goes by the store's list, never by what lies on the disk", async () => {
    await using collecting = await startCollecting();
    const unknown = await collecting.place("the store knows nothing of it");
    collecting.opened.pass(1_000 * HOUR_MS);
    await collecting.collect();
    expect(await collecting.blobs.exists(unknown)).toBe(true);
  });

  test("sweeps what a crash has left of an upload once it is a day old, and no upload that is under way", async () => {
    await using collecting = await startCollecting();
    const { opened } = collecting;
    await collecting.leave("crashed", opened.now());
    opened.pass(24 * HOUR_MS);
    await collecting.leave("under way", opened.now());
    await collecting.collect();
    expect(await collecting.temporaryFiles()).toHaveLength(2);
    opened.pass(1);
    await collecting.collect();
    expect(await collecting.temporaryFiles()).toEqual(["under way"]);
  });

  test("makes room at once, but leaves what is claimed", async () => {
    await using collecting = await startCollecting();
    const claimed = await collecting.place("claimed");
    await collecting.opened.store.claimBlob(claimed);
    const old = await collecting.upload("a.bin", "old");
    await collecting.upload("a.bin", "current");
    collecting.collector.makeRoom();
    await collecting.collector.stop();
    expect(await collecting.blobs.exists(old)).toBe(false);
    expect(await collecting.blobs.exists(claimed)).toBe(true);
  });

  test("does not collect while a blob is placed, and places none while it collects", async () => {
    await using collecting = await startCollecting();
    const { collector, opened } = collecting;
    await collecting.upload("a.bin", "old");
    await collecting.upload("a.bin", "current");
    const steps: string[] = [];
    const list = opened.store.listUnnamedBlobs.bind(opened.store);
    opened.store.listUnnamedBlobs = async (unnamedForMs) => {
      steps.push("collecting");
      return await list(unnamedForMs);
    };
    const forget = opened.store.forgetBlobs.bind(opened.store);
    opened.store.forgetBlobs = async (sha256s) => {
      await forget(sha256s);
      steps.push("collected");
    };
    const place = (name: string) =>
      collector.withoutCollecting(async () => {
        steps.push(`placing ${name}`);
        await opened.store.counts();
        steps.push(`placed ${name}`);
        return name;
      });
    const first = place("first");
    collector.makeRoom();
    const second = place("second");
    expect([await first, await second]).toEqual(["first", "second"]);
    expect(steps).toEqual([
      "placing first",
      "placed first",
      "collecting",
      "collected",
      "placing second",
      "placed second",
    ]);
  });

  test("lets any number of uploads place their blobs side by side", async () => {
    await using collecting = await startCollecting();
    const { collector } = collecting;
    const second = Promise.withResolvers<string>();
    const first = collector.withoutCollecting(() => second.promise); // It waits for what is begun after it.
    await collector.withoutCollecting(async () => second.resolve("the second was placed meanwhile"));
    expect(await first).toBe("the second was placed meanwhile");
  });

  test("removes what is let go at once while room is short, and only then", async () => {
    await using collecting = await startCollecting();
    const { collector, blobs } = collecting;
    const first = await collecting.upload("a.bin", "first");
    await collecting.upload("a.bin", "second");
    collector.letGo();
    await collector.stop();
    expect(await blobs.exists(first)).toBe(true);

    collector.makeRoom();
    await collector.stop();
    const third = await collecting.upload("b.bin", "third");
    await collecting.upload("b.bin", "fourth");
    collector.letGo();
    await collector.stop();
    expect(await blobs.exists(first)).toBe(false);
    expect(await blobs.exists(third)).toBe(false);

    await collector.withoutCollecting(async () => "found room");
    const fifth = await collecting.upload("c.bin", "fifth");
    await collecting.upload("c.bin", "sixth");
    collector.letGo();
    await collector.stop();
    expect(await blobs.exists(fifth)).toBe(true);
  });

  test("makes room when any write of the store has found none", async () => {
    await using collecting = await startCollecting();
    let full = () => {};
    collecting.opened.store.onFull = (listener) => {
      full = listener;
    };
    const collector = collecting.start();
    const old = await collecting.upload("a.bin", "old");
    await collecting.upload("a.bin", "current");
    full();
    await collector.stop();
    expect(await collecting.blobs.exists(old)).toBe(false);
  });

  test("goes by the store's own word whether its disk is still full", async () => {
    await using collecting = await startCollecting();
    const { store } = collecting.opened;
    const collector = collecting.start();
    const old = await collecting.upload("a.bin", "old");
    await collecting.upload("a.bin", "current");
    collector.letGo();
    await collector.stop();
    expect(await collecting.blobs.exists(old)).toBe(true);
    Object.defineProperty(store, "trouble", { value: "the disk is full" });
    collector.letGo();
    await collector.stop();
    expect(await collecting.blobs.exists(old)).toBe(false);
  });

  test("tells who placed of what went wrong, and goes on", async () => {
    await using collecting = await startCollecting();
    const { collector } = collecting;
    const failing = collector.withoutCollecting(() => Promise.reject(new Error("no room")));
    await expect(failing).rejects.toThrow("no room");
    expect(await collector.withoutCollecting(async () => "placed")).toBe("placed");
  });

  test("keeps in mind what it could not remove, logs it, and tries again", async () => {
    await using collecting = await startCollecting();
    const old = await collecting.upload("a.bin", "old");
    await collecting.upload("a.bin", "current");
    collecting.opened.pass(HOUR_MS);
    const remove = collecting.blobs.remove.bind(collecting.blobs);
    collecting.blobs.remove = () => Promise.reject(new Error("the disk has failed"));
    await collecting.collect();
    expect(collecting.log.matching(/could not remove blobs/)).toHaveLength(1);
    expect(await collecting.opened.store.listUnnamedBlobs(0)).toEqual([old]);
    collecting.blobs.remove = remove;
    await collecting.collect();
    expect(await collecting.blobs.exists(old)).toBe(false);
    expect(await collecting.opened.store.listUnnamedBlobs(0)).toEqual([]);
  });
});

/** A collector with what it works on. */
class Collecting implements AsyncDisposable {
  readonly log = new Lines();
  readonly blobs: DiskBlobs;
  readonly collector: Collector;

  constructor(
    readonly opened: StoreUnderTest,
    private readonly dir: TempDir,
  ) {
    this.blobs = openDiskBlobs(dir.path);
    this.collector = this.#newCollector();
  }

  /** One round, as each start begins with. */
  async collect(): Promise<void> {
    await this.start().stop();
  }

  start(): Collector {
    const collector = this.#newCollector();
    collector.start();
    return collector;
  }

  /** What an upload has on the disk before its end, its last byte written then. */
  async leave(name: string, writtenAt: Date): Promise<void> {
    const path = join(this.dir.path, "tmp", name);
    await writeFile(path, "a part of it");
    await utimes(path, writtenAt, writtenAt);
  }

  async temporaryFiles(): Promise<readonly string[]> {
    return await readdir(join(this.dir.path, "tmp"));
  }

  async place(content: string): Promise<string> {
    const staged = await this.blobs.stage();
    await staged.write(Buffer.from(content));
    const { sha256, keep } = await staged.finish();
    await keep();
    return sha256;
  }

  async upload(filename: string, content: string): Promise<string> {
    const { store } = this.opened;
    const sha256 = await this.place(content);
    const claim = await store.claimBlob(sha256);
    await store.saveAsset(
      { filename, sha256, size: content.length, claim, precondition: "none", message: null, reading: null },
      anyone,
    );
    return sha256;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.collector.stop();
    await this.opened[Symbol.asyncDispose]();
    await this.dir[Symbol.asyncDispose]();
  }

  #newCollector(): Collector {
    const { store } = this.opened;
    return new Collector(
      store,
      this.blobs,
      pino({}, { write: (line) => this.log.write(line) }),
      this.opened.now,
    );
  }
}

async function startCollecting(): Promise<Collecting> {
  const opened = await openStoreUnderTest(async (options) => openSqliteStore(options), {
    keepRevisions: 1,
  });
  return new Collecting(opened, await tempDir());
}
