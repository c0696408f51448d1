import { expect, test } from "bun:test";
import { filesUnder } from "../support/files.ts";
import { openRaw } from "../support/raw-http.ts";
import { startTestService } from "../support/service.ts";
import { signedForm, uploadHead } from "../support/signed-form.ts";

// Rows in which time has to pass: side by side, since each of them mostly waits.

const STALL_SECONDS = 5;
const SLOW_SECONDS = 20;

test.concurrent("fault R15 an upload that stalls ends with 408 at its deadline and leaves nothing behind", async () => {
  await using service = await startTestService({ uploadStallSeconds: STALL_SECONDS });
  const before = await filesUnder(service.settings.dataDir);
  const form = signedForm("stalled.bin", new Uint8Array(100_000));
  using connection = await openRaw(service.url);
  await connection.send(uploadHead(form.length));
  await connection.send(form.subarray(0, -1));
  const start = performance.now();
  const answer = await connection.response({ withinMs: (STALL_SECONDS + 4) * 1000 });
  expect(answer.status).toBe(408);
  expect(JSON.parse(answer.body.toString())).toMatchObject({ code: "REQUEST_TIMEOUT" });
  expect(performance.now() - start).toBeGreaterThan((STALL_SECONDS - 1) * 1000);
  await connection.closes();
  expect(await filesUnder(service.settings.dataDir)).toEqual(before);
}, 30_000);

test.concurrent("fault R15 an upload that stalls before its first byte ends with 408 too", async () => {
  await using service = await startTestService({ uploadStallSeconds: STALL_SECONDS });
  using connection = await openRaw(service.url);
  await connection.send(uploadHead(1_000));
  const answer = await connection.response({ withinMs: (STALL_SECONDS + 4) * 1000 });
  expect(answer.status).toBe(408);
}, 30_000);

test.concurrent("fault R15 an upload that takes longer than its whole time ends with 408, though it moves", async () => {
  await using service = await startTestService({ uploadStallSeconds: STALL_SECONDS, uploadMaxSeconds: 6 });
  const form = signedForm("endless.bin", new Uint8Array(100_000));
  using connection = await openRaw(service.url);
  await connection.send(uploadHead(form.length));
  const sending = drip(form, 1024, 9, (bytes) => connection.send(bytes));
  expect((await connection.response({ withinMs: 10_000 })).status).toBe(408);
  connection.hangUp();
  await sending;
}, 30_000);

test.concurrent("fault R15 an upload at 1 KiB/s succeeds, though it takes longer than any stall may", async () => {
  await using service = await startTestService({ uploadStallSeconds: STALL_SECONDS });
  const bytes = crypto.getRandomValues(new Uint8Array(1024 * SLOW_SECONDS));
  const form = signedForm("slow.bin", bytes);
  using connection = await openRaw(service.url);
  await connection.send(uploadHead(form.length));
  await drip(form, 1024, SLOW_SECONDS + 1, (part) => connection.send(part));
  expect((await connection.response()).status).toBe(200);
  expect((await service.fetchAsset("slow.bin")).bytes).toEqual(Buffer.from(bytes));
}, 40_000);

/** Sends so many bytes each second, for so many seconds: here time itself is what is awaited. */
async function drip(
  bytes: Buffer,
  bytesPerSecond: number,
  seconds: number,
  send: (part: Buffer) => Promise<void>,
): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await send(bytes.subarray(second * bytesPerSecond, (second + 1) * bytesPerSecond));
    await Bun.sleep(1_000);
  }
}
