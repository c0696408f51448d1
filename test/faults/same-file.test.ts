import { expect, test } from "bun:test";
import { startTestService, type TestService } from "../support/service.ts";

const REPLACEMENTS = 200;
const READERS = 4;

test("fault R22 a download while the asset is replaced is wholly the old or wholly the new", async () => {
  await using service = await startTestService({ logLevel: "warn" });
  const etags = new Map<string, number>();
  const versions = Array.from({ length: REPLACEMENTS }, (_, version) => version);
  await upload(service, etags, 0);
  let downloads = 0;
  let replacing = true;
  const readers = Array.from({ length: READERS }, async () => {
    while (replacing) {
      const { etag, bytes } = await service.fetchAsset("fw.bin");
      const version = Number(bytes[0]);
      expect(areAll(bytes)).toBe(sizeOf(version));
      expect(etags.get(etag) ?? version).toBe(version); // A download may be faster than the upload's answer.
      await expectRangeNotMixed(service, etag, version);
      downloads++;
    }
  });
  for (const version of versions) await upload(service, etags, version);
  replacing = false;
  await Promise.all(readers);
  expect(downloads).toBeGreaterThan(READERS);
  expect(etags.size).toBe(REPLACEMENTS);
}, 30_000);

async function upload(service: TestService, etags: Map<string, number>, version: number): Promise<void> {
  const { etag } = await service.uploadAsset("fw.bin", new Uint8Array(sizeOf(version)).fill(version));
  etags.set(etag, version);
}

/** Each version has a length of its own, from 200 KB on. */
function sizeOf(version: number): number {
  return 200_000 + version * 1_001;
}

/** The number of bytes, if all of them are like the first. */
function areAll(bytes: Buffer): number {
  return bytes.equals(Buffer.alloc(bytes.length, bytes[0])) ? bytes.length : Number.NaN;
}

/** The rest of a version begun: either the rest of that very version, or all of another. */
async function expectRangeNotMixed(service: TestService, etag: string, version: number): Promise<void> {
  const headers = { Range: "bytes=100000-", "If-Range": etag };
  const response = await service.request("GET", "/api/assets/fw.bin", { headers });
  const bytes = Buffer.from(await response.arrayBuffer());
  if (response.status === 206) {
    expect(response.headers.get("etag")).toBe(etag);
    expect(bytes[0]).toBe(version);
    expect(areAll(bytes)).toBe(sizeOf(version) - 100_000);
  } else {
    expect(response.status).toBe(200);
    expect(areAll(bytes)).toBe(sizeOf(Number(bytes[0])));
  }
}
