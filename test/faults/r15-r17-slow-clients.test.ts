import { expect } from "bun:test";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { filesUnder } from "../support/files.ts";
import { macs } from "../support/load.ts";
import { ProcessFigures } from "../support/process-figures.ts";
import { openRaw } from "../support/raw-http.ts";
import { row } from "../support/row.ts";
import { environment, type ServiceProcess, startServiceProcess } from "../support/service-process.ts";
import { signedForm, uploadHead } from "../support/signed-form.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

/** The least that can be set. */
const STALL_SECONDS = 5;
const KIB = 1_024;
/** Bun gives a head 10 s, and looks every 4 s. */
const CLOSED_WITHIN_MS = 20_000;
const LINE = "GET /api/health HTTP/1.1\r\n";
/** So many of the heads go on with a line each second, and never end. */
const DRIPPING = 20;
/** What this test's own requests may hold open, kept alive. */
const OWN_CONNECTIONS = 4;

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

row(
  "R17",
  "half-sent heads are closed in time, also those that go on coming, and hold up nobody; their descriptors come back",
  { rounds: { test: 200, full: 2_000 }, waits: true },
  async ({ rounds, did }) => {
    await using slow = await startSlow();
    const { service } = slow;
    const figures = new ProcessFigures(service.pid);
    const [mac = ""] = macs(1);
    await service.saveConfig(mac, {});
    await service.listConfigs();
    const before = figures.openFiles;
    const heads = await Promise.all(Array.from({ length: rounds }, () => openRaw(service.url)));
    try {
      for (const [nth, head] of heads.entries())
        await head.send(nth < DRIPPING ? LINE : LINE.slice(0, nth % LINE.length));
      await until("all are taken", () => figures.openFiles >= before + rounds);
      const dripping = setInterval(() => {
        for (const head of heads.slice(0, DRIPPING)) void head.send("X-More: of it\r\n");
      }, 1_000);
      let others = 0;
      const served = () => service.saveConfig(mac, { others: ++others });
      await until(
        "all are closed",
        async () => (await served()) && heads.every(({ isOpen }) => !isOpen),
        CLOSED_WITHIN_MS,
      );
      clearInterval(dripping);
      expect((await service.fetchConfig(mac)).text).toBe(JSON.stringify({ others }));
      did("half heads", rounds);
      did("saves of others meanwhile", others);
    } finally {
      for (const head of heads) head.hangUp();
    }
    await until("their descriptors are back", () => figures.openFiles <= before + OWN_CONNECTIONS);
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
