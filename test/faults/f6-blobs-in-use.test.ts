import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../../simulate/random.ts";
import { until } from "../support/deadline.ts";
import { row } from "../support/row.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { tempDir } from "../support/temp-dir.ts";

const NAMES = ["plug.bin", "lamp.bin", "lock.bin"];
/** Few, so that the same bytes come again under other names and revisions. */
const CONTENTS = ["one", "two", "three", "four", "five"];
const CHANGES = 25;

row(
  "F6",
  "whatever is uploaded, replaced, deleted and rolled back, the bytes of a revision that is kept are never collected",
  { rounds: { test: 4, full: 40 } },
  async ({ rounds, random, did }) => {
    await using dir = await tempDir();
    for (let round = 0; round < rounds; round++) {
      {
        await using service = await startTestService({ dataDir: dir.path, keepRevisions: 3 });
        for (let change = 0; change < CHANGES; change++) await changeAnyhow(service, random);
      }
      graceIsOver(dir.path);
      await using service = await startTestService({ dataDir: dir.path, keepRevisions: 3 }); // It collects as it starts.
      const kept = await keptHashes(service);
      await until("the rest is collected", async () => {
        const there = await readdir(join(dir.path, "blobs"));
        return Bun.deepEquals(there.toSorted(), [...kept].toSorted());
      });
      await expectAllServed(service);
      did("changes", CHANGES);
      did("blobs in use", kept.size);
    }
  },
);

async function changeAnyhow(service: TestService, random: Random): Promise<void> {
  const name = random.pick(NAMES as [string, ...string[]]);
  const kind = random.int(0, 5);
  if (kind === 0) await service.request("DELETE", `/api/assets/${name}`);
  else if (kind === 1) await rollBackAnyhow(service, name, random);
  else await service.uploadAsset(name, random.pick(CONTENTS as [string, ...string[]]));
}

async function rollBackAnyhow(service: TestService, name: string, random: Random): Promise<void> {
  const kept = (await revisionsOf(service, name)).filter(({ sha256 }) => sha256 !== null);
  const to = kept[random.int(0, Math.max(1, kept.length))]?.revision;
  if (to === undefined) return;
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ to });
  const response = await service.request("POST", `/api/assets/${name}/rollback`, { headers, body });
  expect(response.status).toBe(200);
}

interface Kept {
  readonly revision: number;
  readonly sha256: string | null;
}

async function revisionsOf(service: TestService, name: string): Promise<readonly Kept[]> {
  const response = await service.request("GET", `/api/assets/${name}/revisions`);
  return response.ok ? JSON.parse(await response.text()).revisions : [];
}

async function keptHashes(service: TestService): Promise<ReadonlySet<string>> {
  const all = await Promise.all(NAMES.map((name) => revisionsOf(service, name)));
  return new Set(all.flat().flatMap(({ sha256 }) => sha256 ?? []));
}

async function expectAllServed(service: TestService): Promise<void> {
  for (const name of NAMES) {
    for (const { revision, sha256 } of await revisionsOf(service, name)) {
      if (sha256 === null) continue;
      const response = await service.request("GET", `/api/assets/${name}/revisions/${revision}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      expect(new Bun.CryptoHasher("sha256").update(bytes).digest("hex")).toBe(sha256);
    }
  }
}

/** As if the service had been away for longer than the collector waits. */
function graceIsOver(dataDir: string): void {
  using db = new Database(join(dataDir, "iotsupport.db"));
  db.run("update claims set expires_at = 0");
  db.run("update blobs set unnamed_since = 0 where unnamed_since is not null");
}
