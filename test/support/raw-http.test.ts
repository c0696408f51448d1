import { afterAll, expect, test } from "bun:test";
import { isoformat, PythonClient } from "./python-client.ts";
import { openRaw, sendRaw } from "./raw-http.ts";

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    if (request.url.endsWith("/chunked")) return new Response(new Blob(["one", "two"]).stream());
    const form = request.headers.get("content-type")?.startsWith("multipart")
      ? await request.formData()
      : null;
    return form === null ? new Response(await request.text()) : Response.json([...form.keys()]);
  },
});
afterAll(() => server.stop(true));

test("an answer is read to its end, whether it has a length, chunks or no body", async () => {
  using connection = await openRaw(server.url.href);
  await connection.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n");
  await connection.send("hi");
  expect((await connection.response()).body.toString()).toBe("hi");
  await connection.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  expect((await connection.response({ toHead: true })).status).toBe(200);
  await connection.send("GET /chunked HTTP/1.1\r\nHost: a\r\n\r\n");
  expect((await connection.response()).body.toString()).toContain("two");
});

test("what is no HTTP is sent as it stands", async () => {
  expect((await sendRaw(server.url.href, "nonsense\r\n\r\n")).status).toBe(400);
});

test("Python's form is one that others can read", async () => {
  const answer = await new PythonClient(server.url.href).uploadAsset("a.bin", Buffer.from("x"), new Date(0));
  expect(JSON.parse(answer.body.toString())).toEqual(["timestamp", "signature", "file"]);
});

test("Python's JSON and its timestamps look like Python's", async () => {
  const answer = await new PythonClient(server.url.href).saveConfig("a", { deviceName: "Küche", "10": true });
  expect(answer.body.toString()).toBe('{"content": {"10": true, "deviceName": "K\\u00fcche"}}');
  expect(isoformat(new Date(0))).toBe("1970-01-01T00:00:00.000042+00:00");
});
