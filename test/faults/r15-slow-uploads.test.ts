import { expect } from "bun:test";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { filesUnder } from "../support/files.ts";
import { openRaw } from "../support/raw-http.ts";
import { row } from "../support/row.ts";
import { environment, type ServiceProcess, startServiceProcess } from "../support/service-process.ts";
import { signedForm, uploadHead } from "../support/signed-form.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

/** The least that can be set. */
const STALL_SECONDS = 5;
const KIB = 1_024;

// Time has to pass in each of them: they run side by side.

for (const [where, sent] of [
  ["before its first byte", 0],
  ["among its fields", 50],
  ["within its file", -1_000],
  ["before its last byte", -1],
] as const) {
  row(
    "R15",
    `an upload that stalls ${where} ends with 408 at its deadline, and leaves nothing behind`,
    { waits: true },
    async ({ did }) => {
      await using slow = await startSlow();
      const form = signedForm("stalled.bin", new Uint8Array(100_000));
      using connection = await openRaw(slow.service.url);
      await connection.send(uploadHead(form.length));
      await connection.send(form.subarray(0, sent));
      const stalledAt = performance.now();
      const answer = await connection.response({ withinMs: 2 * STALL_SECONDS * 1_000 });
      expect(answer.status).toBe(408);
      expect(JSON.parse(answer.body.toString())).toMatchObject({ code: "REQUEST_TIMEOUT" });
      expect(performance.now() - stalledAt).toBeGreaterThan((STALL_SECONDS - 1) * 1_000);
      await connection.closes();
      expect(await filesUnder(slow.dir.path)).toEqual([...slow.before]);
      did("uploads that stalled");
    },
  );
}

row(
  "R15",
  "an upload that takes longer than its whole time ends with 408, though it moves",
  { waits: true },
  async ({ did }) => {
    await using slow = await startSlow({ UPLOAD_MAX_SECONDS: "6" });
    const form = signedForm("endless.bin", new Uint8Array(100_000));
    using connection = await openRaw(slow.service.url);
    await connection.send(uploadHead(form.length));
    const sending = drip(form, 9, (bytes) => connection.send(bytes));
    expect((await connection.response({ withinMs: 10_000 })).status).toBe(408);
    connection.hangUp();
    await sending;
    expect(await filesUnder(slow.dir.path)).toEqual([...slow.before]);
    did("endless uploads");
  },
);

row(
  "R15",
  "an upload at 1 KiB/s succeeds, though it takes longer than any stall may",
  { waits: true },
  async ({ isFull, did }) => {
    const seconds = isFull ? 60 : 2 * STALL_SECONDS;
    await using slow = await startSlow();
    const bytes = randomBytes(seconds * KIB);
    const form = signedForm("slow.bin", bytes);
    using connection = await openRaw(slow.service.url);
    await connection.send(uploadHead(form.length));
    await drip(form, seconds + 1, (part) => connection.send(part));
    expect((await connection.response()).status).toBe(200);
    expect((await slow.service.fetchAsset("slow.bin")).bytes.equals(bytes)).toBe(true);
    did("seconds at 1 KiB/s", seconds);
  },
);

/** A service that lets an upload stall no longer than it must. */
class Slow implements AsyncDisposable {
  constructor(
    readonly service: ServiceProcess,
    readonly dir: TempDir,
    readonly before: readonly string[],
  ) {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
    await this.dir[Symbol.asyncDispose]();
  }
}

async function startSlow(settings: Readonly<Record<string, string>> = {}): Promise<Slow> {
  const dir = await tempDir();
  const env = { ...environment(join(dir.path, "data")), UPLOAD_STALL_SECONDS: String(STALL_SECONDS) };
  const service = await startServiceProcess({ ...env, ...settings });
  return new Slow(service, dir, await filesUnder(dir.path));
}

/** Sends a KiB each second, for so many seconds: here time itself is what is awaited. */
async function drip(bytes: Buffer, seconds: number, send: (part: Buffer) => Promise<void>): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await send(bytes.subarray(second * KIB, (second + 1) * KIB));
    await Bun.sleep(1_000);
  }
}
