import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { array, assert, asyncProperty, integer } from "fast-check";
import { openRaw } from "../support/raw-http.ts";
import { startTestService } from "../support/service.ts";
import { signedForm, uploadHead } from "../support/signed-form.ts";

test("an upload is taken in pieces of any size", async () => {
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
