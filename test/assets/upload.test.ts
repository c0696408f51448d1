import { describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { pino } from "pino";
import { Collector, readVerifyingKey } from "../../src/assets/index.ts";
import { upload } from "../../src/assets/upload.ts";
import { type DiskBlobs, openDiskBlobs } from "../../src/blobs/index.ts";
import { storageFull, storeUnavailable } from "../../src/fault.ts";
import type { Env } from "../../src/http/env.ts";
import { createMetrics } from "../../src/ops/index.ts";
import { type FileVersion, openSqliteStore } from "../../src/store/index.ts";
import { anyone, openStoreUnderTest, type StoreUnderTest, sha256Of } from "../store/store-under-test.ts";
import { filesUnder } from "../support/files.ts";
import { signingKey } from "../support/keys.ts";
import { BOUNDARY } from "../support/multipart.ts";
import { signedForm } from "../support/signed-form.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const key = readVerifyingKey(signingKey().publicKey.export({ type: "spki", format: "pem" }).toString());
const SHA256 = sha256Of("content");

describe("an upload", () => {
  test("is claimed first, then placed, and named last", async () => {
    await using uploading = await startUploading();
    const steps: string[] = [];
    const { store } = uploading.opened;
    const claimBlob = store.claimBlob.bind(store);
    store.claimBlob = async (sha256) => {
      steps.push(`claim, there already: ${await uploading.blobs.exists(sha256)}`);
      return await claimBlob(sha256);
    };
    const saveAsset = store.saveAsset.bind(store);
    store.saveAsset = async (save, caller) => {
      steps.push(`row, there already: ${await uploading.blobs.exists(save.sha256)}`);
      return await saveAsset(save, caller);
    };
    const version = await uploading.upload("a.bin", "content");
    expect(version).toMatchObject({ name: "a.bin", revision: 1, sha256: SHA256, size: 7 });
    expect(steps).toEqual(["claim, there already: false", "row, there already: true"]);
    expect(await uploading.files()).toEqual([`blobs/${SHA256}`]);
    await uploading.opened.delete("assets", "a.bin");
    expect(await uploading.opened.store.listUnnamedBlobs(0)).toEqual([SHA256]); // Its claim was given up.
  });

  test("whose row is not written leaves a blob that the collector finds, and names nothing", async () => {
    await using uploading = await startUploading();
    uploading.opened.store.saveAsset = () => Promise.reject(storeUnavailable("a test"));
    await expect(uploading.upload("a.bin", "content")).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await uploading.opened.store.findAsset("a.bin")).toBeNull();
    expect(await uploading.opened.store.listUnnamedBlobs(0)).toEqual([SHA256]);
    expect(await uploading.files()).toEqual([`blobs/${SHA256}`]);
  });

  test("that finds the disk full has room made, and tells of that fault though no claim can be given up", async () => {
    await using uploading = await startUploading();
    const old = await uploading.upload("a.bin", "old");
    await uploading.upload("a.bin", "current");
    uploading.opened.store.saveAsset = () => Promise.reject(storageFull());
    await expect(uploading.upload("b.bin", "content")).rejects.toMatchObject({ code: "STORAGE_FULL" });
    await uploading.collector.stop();
    expect(await uploading.blobs.exists(old.sha256)).toBe(false);
    uploading.opened.store.releaseClaim = () => Promise.reject(storeUnavailable("a test"));
    const refusal = await uploading.upload("b.bin", "content").catch((fault) => fault);
    expect(refusal).toMatchObject({ code: "STORAGE_FULL" });
  });

  test("that is refused at its end leaves nothing at all", async () => {
    await using uploading = await startUploading();
    const unsigned = Buffer.from(
      signedForm("a.bin", "content")
        .toString()
        .replace(/signature/, "other"),
    );
    await expect(uploading.post(unsigned)).rejects.toMatchObject({
      message: expect.stringMatching(/^signature: /),
    });
    expect(await uploading.files()).toEqual([]);
    expect(await uploading.opened.store.listUnnamedBlobs(0)).toEqual([]);
  });

  test("is refused by its head alone where it is compressed, or too large by its own word", async () => {
    await using uploading = await startUploading();
    const untouched = new ReadableStream({
      pull() {
        throw new Error("the body was read");
      },
    });
    const compressed = uploading.post(untouched, { "Content-Encoding": "gzip" });
    await expect(compressed).rejects.toMatchObject({ code: "UNSUPPORTED_MEDIA_TYPE" });
    const tooLarge = uploading.post(untouched, { "Content-Length": String(1024 ** 3) });
    await expect(tooLarge).rejects.toMatchObject({ code: "PAYLOAD_TOO_LARGE" });
  });

  test("is timed by its own deadlines, and by the server again once it is over", async () => {
    await using uploading = await startUploading();
    await uploading.upload("a.bin", "content");
    await uploading.upload("../a.bin", "content").catch(() => {});
    expect(uploading.timeouts).toEqual([0, expect.any(Number), 0, expect.any(Number)]);
    expect(uploading.timeouts.filter((seconds) => seconds > 0)).toHaveLength(2);
  });
});

/** What takes uploads, up to the row, without a socket. */
class Uploading implements AsyncDisposable {
  readonly timeouts: number[] = [];
  readonly blobs: DiskBlobs;
  readonly collector: Collector;

  constructor(
    readonly opened: StoreUnderTest,
    private readonly dir: TempDir,
  ) {
    this.blobs = openDiskBlobs(dir.path);
    this.collector = new Collector(opened.store, this.blobs, pino({ level: "silent" }), opened.now);
  }

  upload(filename: string, content: string): Promise<FileVersion> {
    return this.post(signedForm(filename, content));
  }

  /** Resolves or rejects as `upload` did. */
  async post(body: Buffer | ReadableStream, headers: Record<string, string> = {}): Promise<FileVersion> {
    const limits = { maxAssetBytes: 1024 ** 2, uploadStallSeconds: 5, uploadMaxSeconds: 60 };
    const { blobs, collector, opened } = this;
    const parts = { store: opened.store, blobs, collector, limits, metrics: createMetrics("test") };
    const outcome = Promise.withResolvers<FileVersion>();
    const app = new Hono<Env>();
    app.post("/", async (c) => {
      c.set("arrivedAt", new Date());
      c.set("caller", anyone);
      const version = await upload(parts, { key, toleranceSeconds: 300 }, c);
      outcome.resolve(version);
      return c.body(null, 200);
    });
    app.onError((error, c) => {
      outcome.reject(error);
      return c.body(null, 500);
    });
    const type = { "Content-Type": `multipart/form-data; boundary=${BOUNDARY}` };
    const server = { timeout: (_: Request, seconds: number) => void this.timeouts.push(seconds) };
    await app.request("/", { method: "POST", headers: { ...type, ...headers }, body }, { server });
    return await outcome.promise;
  }

  /** What lies on the disk, below the data directory. */
  async files(): Promise<string[]> {
    return (await filesUnder(this.dir.path)).map((path) => path.slice(this.dir.path.length + 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.collector.stop();
    await this.opened[Symbol.asyncDispose]();
    await this.dir[Symbol.asyncDispose]();
  }
}

async function startUploading(): Promise<Uploading> {
  const opened = await openStoreUnderTest(async (options) => openSqliteStore(options), { keepRevisions: 1 });
  return new Uploading(opened, await tempDir());
}
