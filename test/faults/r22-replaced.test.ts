import { expect } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../../simulate/random.ts";
import { openRaw } from "../support/raw-http.ts";
import { row } from "../support/row.ts";
import type { ServiceClient } from "../support/service-client.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

const READERS = 4;
const LEAST_BYTES = 200_000;
const NAME = "fw.bin";
const PATH = `/api/assets/${NAME}`;
/** More than the kernel holds on its way between the two. */
const LARGE_BYTES = 20_000_000;

row(
  "R22",
  "a download while the asset is replaced is wholly the old or wholly the new, also where it is put together of parts",
  { rounds: { test: 50, full: 200 } },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    await using service = await startServiceProcess(environment(join(dir.path, "data")));
    const versions = new Map<string, Buffer>();
    let answeredRevision = await replace(service, versions);
    let isReplacing = true;
    const readers = Array.from({ length: READERS }, async () => {
      while (isReplacing) {
        const least = answeredRevision;
        expect((await downloaded(service, versions)).revision).toBeGreaterThanOrEqual(least);
        did("downloads");
        const parts = await downloadedInParts(service, versions, random);
        did(parts === "same" ? "downloads resumed" : "downloads that a replacement made begin anew");
      }
    });
    const replacing = async () => {
      for (let round = 0; round < rounds; round++) {
        answeredRevision = await replace(service, versions);
        did("replacements");
      }
      isReplacing = false;
    };
    await Promise.all([replacing(), ...readers]);
  },
);

row(
  "R22",
  "a download goes on to its end though its bytes were replaced and removed meanwhile",
  {},
  async ({ did }) => {
    await using dir = await tempDir();
    const dataDir = join(dir.path, "data");
    await using service = await startServiceProcess(environment(dataDir));
    const old = Buffer.alloc(LARGE_BYTES, "the old one ");
    const { etag } = await service.uploadAsset(NAME, old);
    using connection = await openRaw(service.url);
    connection.stopReading();
    await connection.send(`GET ${PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`);
    await service.fetchAsset(NAME); // The one before it has been begun by now.
    await service.uploadAsset(NAME, "the new one");
    await rm(join(dataDir, "blobs", JSON.parse(etag))); // As the collector would, if room were short.
    connection.goOnReading();
    const { status, headers, body } = await connection.response({ withinMs: 20_000 });
    expect([status, headers.get("etag"), body.equals(old)]).toEqual([200, etag, true]);
    did("downloads that outlived their asset");
  },
);

/** Uploads the next version: of a length of its own, and at each place unlike every other. */
async function replace(service: ServiceClient, versions: Map<string, Buffer>): Promise<number> {
  const version = versions.size;
  const pattern = new Bun.CryptoHasher("sha256").update(String(version)).digest();
  const bytes = Buffer.alloc(LEAST_BYTES + 1_001 * version, pattern);
  versions.set(etagOf(bytes), bytes); // Before it is sent: a download may be faster than the upload's answer.
  return (await service.uploadAsset(NAME, bytes)).revision;
}

async function downloaded(
  service: ServiceClient,
  versions: ReadonlyMap<string, Buffer>,
): Promise<{ readonly revision: number }> {
  const response = await service.request("GET", PATH);
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(response.status).toBe(200);
  expectVersion(response, bytes, versions);
  expect(response.headers.get("content-length")).toBe(String(bytes.length));
  return { revision: Number(response.headers.get("x-revision")) };
}

/** As a client resumes that was cut off: it asks for the rest of the version that it has the beginning of. */
async function downloadedInParts(
  service: ServiceClient,
  versions: ReadonlyMap<string, Buffer>,
  random: Random,
): Promise<"same" | "another"> {
  const cut = random.int(1, LEAST_BYTES);
  const first = await service.request("GET", PATH, { headers: { Range: `bytes=0-${cut - 1}` } });
  const etag = first.headers.get("etag") ?? "";
  const begin = Buffer.from(await first.arrayBuffer());
  expect([first.status, begin.length]).toEqual([206, cut]);
  const second = await service.request("GET", PATH, {
    headers: { Range: `bytes=${cut}-`, "If-Range": etag },
  });
  const rest = Buffer.from(await second.arrayBuffer());
  if (second.status === 206) {
    expect(second.headers.get("etag")).toBe(etag);
    expectVersion(second, Buffer.concat([begin, rest]), versions);
    return "same";
  }
  expect(second.status).toBe(200);
  expect(second.headers.get("etag")).not.toBe(etag);
  expectVersion(second, rest, versions);
  return "another";
}

/** The ETag, the bytes and what was uploaded agree. */
function expectVersion({ headers }: Response, bytes: Buffer, versions: ReadonlyMap<string, Buffer>): void {
  const etag = headers.get("etag") ?? "";
  expect(etagOf(bytes)).toBe(etag);
  expect(versions.get(etag)?.equals(bytes)).toBe(true);
}

/** An asset's ETag is its hash: the contract promises only that it is strong, and this test that it tells the bytes. */
function etagOf(bytes: Buffer): string {
  return `"${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}"`;
}
