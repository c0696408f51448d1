import { describe, expect, test } from "bun:test";
import { array, assert, asyncProperty, uint8Array } from "fast-check";
import { Hono } from "hono";
import { readJsonBody } from "../../src/http/body.ts";
import type { Env } from "../../src/http/env.ts";

const MOST_BYTES = 20;

describe("a JSON body", () => {
  test("is read whole in whatever pieces it comes, and refused beyond its limit", async () => {
    const law = asyncProperty(
      array(uint8Array({ minLength: 1, maxLength: 8 }), { maxLength: 5 }),
      async (pieces) => {
        const whole = Buffer.concat(pieces);
        const expected = whole.length > MOST_BYTES ? "PAYLOAD_TOO_LARGE" : [...whole];
        expect(await readIn(streamOf(pieces))).toEqual(expected);
        const declared = { "Content-Length": String(whole.length) };
        expect(await readIn(streamOf(pieces), declared)).toEqual(expected);
      },
    );
    await assert(law, { numRuns: 60 });
  });

  test("is not read on once it is too large", async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(10));
      },
    });
    expect(await readIn(endless)).toBe("PAYLOAD_TOO_LARGE");
    expect(pulled).toBeLessThan(10);
  });

  test("is refused by its declared length alone", async () => {
    const untouched = new ReadableStream<Uint8Array>({
      pull() {
        throw new Error("the body was read");
      },
    });
    expect(await readIn(untouched, { "Content-Length": "21" })).toBe("PAYLOAD_TOO_LARGE");
  });

  test.each([{}, { "Content-Length": "2" }])(
    "that breaks off is the client's fault, not ours (%p)",
    async (headers) => {
      const breaking = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(Buffer.from("{"));
          controller.error(new Error("the connection was lost"));
        },
      });
      expect(await readIn(breaking, headers)).toBe("VALIDATION_FAILED");
    },
  );

  test.each([
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    "application/json;charset=utf-8",
    "application/merge-patch+json",
  ])("may be declared as %s", async (type) => {
    expect(await readIn(streamOf([Buffer.from("{}")]), { "Content-Type": type })).toEqual([
      ...Buffer.from("{}"),
    ]);
  });

  test.each([
    "",
    "text/plain",
    "application/jsonp",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; x=application/json",
  ])("may not be declared as %j", async (type) => {
    expect(await readIn(streamOf([]), { "Content-Type": type })).toBe("UNSUPPORTED_MEDIA_TYPE");
  });

  test.each(["gzip", "br, identity", "deflate", "x"])(
    "may not come compressed, as by %s",
    async (encoding) => {
      expect(await readIn(streamOf([]), { "Content-Encoding": encoding })).toBe("UNSUPPORTED_MEDIA_TYPE");
    },
  );

  test.each(["identity", "Identity"])("may come as it is, and say so by %s", async (encoding) => {
    expect(await readIn(streamOf([]), { "Content-Encoding": encoding })).toEqual([]);
  });
});

/** Its bytes, or the code of the fault that ended it. */
async function readIn(
  body: ReadableStream<Uint8Array>,
  headers: Record<string, string> = {},
): Promise<readonly number[] | string> {
  const app = new Hono<Env>();
  app.put("/", async (c) => c.json([...(await readJsonBody(c, MOST_BYTES))]));
  app.onError((error, c) => c.json("code" in error ? String(error.code) : error.message));
  const type = { "Content-Type": "application/json" };
  const response = await app.request("/", { method: "PUT", headers: { ...type, ...headers }, body });
  return JSON.parse(await response.text());
}

function streamOf(pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece);
      controller.close();
    },
  });
}
