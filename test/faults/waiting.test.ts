import { expect, test } from "bun:test";
import { join } from "node:path";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { filesUnder } from "../support/files.ts";
import { startLink } from "../support/link.ts";
import { atOnce, macs, percentile, timed } from "../support/load.ts";
import { openRaw } from "../support/raw-http.ts";
import { startTestService } from "../support/service.ts";
import { environment, startServiceProcess } from "../support/service-process.ts";
import { signedForm, uploadHead } from "../support/signed-form.ts";
import { tempDir } from "../support/temp-dir.ts";

// Rows in which time has to pass: side by side, since each of them mostly waits.

const STALL_SECONDS = 5;
const SLOW_SECONDS = 20;
const RECEIVE_MAXIMUM = 20;
const SAVES_TIMED = 200;
const BACK_WITHIN_MS = 2_000;
/** Below this, what a save takes is up to the machine's mood. */
const NOISE_MS = 10;

test.concurrent("fault R3 a hung broker holds up no save; its connection is given up; nothing piles up for its return", async () => {
  await using broker = await startBroker({ receiveMaximum: RECEIVE_MAXIMUM });
  await using announced = await broker.subscribe("iotsupport/updates/configs");
  await using link = await startLink(broker);
  await using service = await startTestService({ mqtt: link.mqtt });
  const files = macs(300);
  const usual = await timed(files.slice(0, SAVES_TIMED), (mac) => service.saveConfig(mac, { save: 1 }));
  await until("nothing waits", async () => (await service.health()).pending_announcements === 0);
  await announced.upToNow();

  await link.cut();
  await atOnce(8, files, (mac) => service.saveConfig(mac, { save: 2 }));
  const published = link.holdPubacks();
  await link.restore();
  await published; // As many are in flight as may be.
  broker.freeze();
  const alone = await timed(files.slice(0, SAVES_TIMED), (mac) => service.saveConfig(mac, { save: 3 }));
  expect(percentile(99, alone)).toBeLessThan(2 * percentile(99, usual) + NOISE_MS);
  await until("the service gives up the connection that hangs", () => link.connections > 2, 12_000);
  expect(link.mostInFlight).toBe(RECEIVE_MAXIMUM);
  expect(await service.health()).toMatchObject({ status: "healthy", mqtt: "disconnected" });

  link.letPubacksThrough(); // They are of the connection that is gone.
  broker.thaw();
  const thawed = performance.now();
  const isAll = (payloads: readonly string[]) => new Set(payloads).size === files.length;
  const all = await announced.collect("all files", (taken) => isAll(taken.map(({ payload }) => payload)));
  expect(Number(all.at(-1)?.at) - thawed).toBeLessThan(BACK_WITHIN_MS);
  const copies = Map.groupBy([...all, ...(await announced.upToNow())], ({ payload }) => payload);
  expect([...copies.values()].filter((each) => each.length > 2)).toEqual([]);
}, 30_000);

test.concurrent("fault R9 a broker that hangs does not hold up the end", async () => {
  await using dir = await tempDir();
  await using broker = await startBroker();
  await using service = await startServiceProcess(environment(join(dir.path, "data"), broker.mqtt));
  await until("the broker is there", async () => (await service.health()).mqtt === "connected");
  broker.freeze();
  await atOnce(8, macs(50), (mac) => service.saveConfig(mac, {}));
  service.signal("SIGTERM");
  expect(await service.exited(8_000)).toBe(0);
}, 15_000);

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
