import { describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { pino } from "pino";
import type { Env } from "../../src/http/env.ts";
import { type ShortWay, serve } from "../../src/http/index.ts";
import { within } from "../support/deadline.ts";
import { Lines } from "../support/lines.ts";
import { openRaw } from "../support/raw-http.ts";
import { expectRefusal } from "../support/refusal.ts";

const longWayOnly: ShortWay = (_request, _listener, longWay) => longWay();
const quiet = pino({ level: "silent" });
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
    expect(() => serve(new Hono<Env>(), longWayOnly, "127.0.0.1", port, quiet)).toThrow(
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

  test("ends each connection with its next answer, once it is to leave", async () => {
    await using serving = startServing();
    serving.answer();
    using connection = await openRaw(serving.url);
    await connection.send(GET);
    expect((await connection.response()).headers.has("connection")).toBe(false);
    serving.leave();
    await connection.send(GET);
    expect((await connection.response()).headers.get("connection")).toBe("close");
    await connection.closes();
    expect((await fetch(serving.url)).status).toBe(200);
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

  test("shows nothing of what the app lets past, and logs it under the id that it answers", async () => {
    const lines = new Lines();
    const log = pino({}, { write: (line) => lines.write(line) });
    await using serving = startServing(log);
    const response = await fetch(`${serving.url}/broken`);
    const id = response.headers.get("X-Request-Id") ?? "";
    const { error } = await expectRefusal(response, 500, "INTERNAL_ERROR");
    expect(error).not.toContain("of our own");
    expect(await lines.line(/a fault of our own/)).toContain(id);
  });
});

/** A listener whose one route answers when it is let. */
function startServing(log = quiet) {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const app = new Hono<Env>();
  app.get("/", async (c) => {
    asked.resolve();
    await answer.promise;
    return c.text("answered");
  });
  app.get("/broken", () => {
    throw new Error("a fault of our own");
  });
  app.onError((error) => {
    throw error;
  });
  const server = serve(app, longWayOnly, "127.0.0.1", 0, log);
  const stop = () => server.stop();
  return {
    url: server.url,
    asked: asked.promise,
    answer: answer.resolve,
    leave: () => server.leave(),
    stop,
    async [Symbol.asyncDispose]() {
      answer.resolve();
      await stop();
    },
  };
}
