import { describe, expect, test } from "bun:test";
import { Hono } from "hono";
import type { Env } from "../../src/http/env.ts";
import { serve } from "../../src/http/index.ts";
import { within } from "../support/deadline.ts";
import { openRaw } from "../support/raw-http.ts";

const GET = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

describe("the listener", () => {
  test("says where it is, and is there", async () => {
    await using serving = startServing();
    expect(serving.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    serving.answer();
    expect(await (await fetch(serving.url)).text()).toBe("answered");
  });

  test("refuses an address that is taken", async () => {
    await using serving = startServing();
    const port = Number(new URL(serving.url).port);
    expect(() => serve(new Hono<Env>(), "127.0.0.1", port)).toThrow(
      expect.objectContaining({ code: "EADDRINUSE" }),
    );
  });

  test("lets a request in flight finish before it has stopped, and takes no new connection meanwhile", async () => {
    await using serving = startServing();
    using connection = await openRaw(serving.url);
    await connection.send(GET);
    await within(1_000, "the request", serving.asked);
    let hasStopped = false;
    const stopped = serving.stop().then(() => {
      hasStopped = true;
    });
    await expect(openRaw(serving.url)).rejects.toThrow();
    expect(hasStopped).toBe(false);
    serving.answer();
    expect((await connection.response()).body.toString()).toBe("answered");
    await within(2_000, "its end", stopped);
  });

  test("does not wait for connections that ask nothing", async () => {
    await using serving = startServing();
    serving.answer();
    using idle = await openRaw(serving.url);
    await idle.send(GET);
    await idle.response();
    await within(2_000, "its end", serving.stop());
    await idle.closes();
  });
});

/** A listener whose one route answers when it is let. */
function startServing() {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const app = new Hono<Env>();
  app.get("/", async (c) => {
    asked.resolve();
    await answer.promise;
    return c.text("answered");
  });
  const server = serve(app, "127.0.0.1", 0);
  const stop = () => server.stop();
  return {
    url: server.url,
    asked: asked.promise,
    answer: answer.resolve,
    stop,
    async [Symbol.asyncDispose]() {
      answer.resolve();
      await stop();
    },
  };
}
