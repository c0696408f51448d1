import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { array, assert, asyncProperty, integer } from "fast-check";
import { until } from "../support/deadline.ts";
import { filesUnder } from "../support/files.ts";
import { atOnce } from "../support/load.ts";
import { openRaw, sendRaw } from "../support/raw-http.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { signedForm, uploadHead } from "../support/signed-form.ts";

const GONE_WITHIN_MS = 1_000;

test("fault R15 an upload that hangs up at any byte leaves nothing behind", async () => {
  await using service = await startTestService({ maxUploads: 64 });
  const before = await filesUnder(service.settings.dataDir);
  const form = signedForm("cut.bin", "0123456789");
  await atOnce(32, [...form.keys()], async (at) => {
    using connection = await openRaw(service.url);
    await connection.send(uploadHead(form.length));
    await connection.send(form.subarray(0, at));
  });
  await expectNothingLeft(service, before);
  await service.uploadAsset("cut.bin", "whole");
});

test("fault R15 a large upload that hangs up leaves nothing behind", async () => {
  await using service = await startTestService();
  const before = await filesUnder(service.settings.dataDir);
  const form = signedForm("cut.bin", randomBytes(4_000_000));
  {
    using connection = await openRaw(service.url);
    await connection.send(uploadHead(form.length));
    await connection.send(form.subarray(0, -1));
    await until("its bytes are being written", async () => {
      return (await filesUnder(service.settings.dataDir)).length > before.length;
    });
  }
  await expectNothingLeft(service, before);
});

test("fault R15 a form that ends at any byte but its last is refused and leaves nothing behind", async () => {
  await using service = await startTestService({ maxUploads: 64 });
  const before = await filesUnder(service.settings.dataDir);
  const form = signedForm("cut.bin", "0123456789");
  const closed = form.length - "\r\n".length; // What follows the last boundary may be missing (RFC 2046, 5.1.1).
  await atOnce(32, [...form.keys()].slice(0, closed), async (at) => {
    const answer = await sendRaw(service.url, uploadHead(at), form.subarray(0, at));
    const { code, error } = JSON.parse(answer.body.toString());
    expect({ at, status: answer.status, code, error }).toMatchObject({
      at,
      status: 400,
      code: "VALIDATION_FAILED",
    });
  });
  await expectNothingLeft(service, before);
  expect((await sendRaw(service.url, uploadHead(closed), form.subarray(0, closed))).status).toBe(200);
});

test("fault R15 an upload is taken in pieces of any size", async () => {
  await using service = await startTestService();
  const sizes = integer({ min: 5_000, max: 150_000 });
  await assert(
    asyncProperty(array(sizes, { minLength: 1, maxLength: 9 }), async (pieces) => {
      const bytes = randomBytes(300_000);
      const form = signedForm("pieces.bin", bytes);
      using connection = await openRaw(service.url);
      await connection.send(uploadHead(form.length));
      for (let at = 0, turn = 0; at < form.length; turn++) {
        const piece = pieces[turn % pieces.length] ?? form.length;
        await connection.send(form.subarray(at, at + piece));
        await setImmediate(); // The service, in this process, takes this piece by itself.
        at += piece;
      }
      const answer = await connection.response();
      expect({ status: answer.status, body: answer.body.toString() }).toMatchObject({ status: 200 });
    }),
    { numRuns: 40 },
  );
});

async function expectNothingLeft(service: TestService, before: readonly string[]): Promise<void> {
  let left: readonly string[] = [];
  const look = async () => {
    left = (await filesUnder(service.settings.dataDir)).filter((file) => !before.includes(file));
    return left.length === 0;
  };
  await until("what an upload left is gone", look, GONE_WITHIN_MS).catch((cause) => {
    throw new Error(`still there: ${left.join(", ")}`, { cause });
  });
  expect(await service.listAssets()).toEqual([]);
}
