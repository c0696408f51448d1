import { expect } from "bun:test";
import { type Cases, inEachCase } from "../support/cases.ts";
import { macs } from "../support/load.ts";
import { sendRaw } from "../support/raw-http.ts";
import { row } from "../support/row.ts";
import { type LoneService, startLoneService } from "../support/service-process.ts";

const [PORCH = ""] = macs(1);
const INJECTED = "%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a{%22level%22:60,%22msg%22:%22forged%22}";

row("A9", "a sane request id is repeated: in the answer, in its refusal and in the log", {}, async () => {
  await using service = await startLoneService();
  const response = await service.request("GET", "/api/nothing", {
    headers: { "X-Request-Id": "build-42.a_b" },
  });
  expect(response.headers.get("x-request-id")).toBe("build-42.a_b");
  expect(await response.json()).toMatchObject({ correlationId: "build-42.a_b" });
  await service.log.line(/build-42\.a_b/);
});

const ids: Cases<string> = [
  ["of 10 KB", "x".repeat(10_000)],
  ["of 129 characters", "x".repeat(129)],
  ["with quotes", `x","level":"fatal`],
  ["with a backslash", String.raw`x\u0000`],
  ["with a tab", "x\ty"],
  ["with a terminal's escape", "\u001b[31mx"],
  ["with markup", "<script>"],
  ["that is not ASCII", "\u00e9\u00e9"],
  ["that is empty", ""],
  ["that comes twice", "x\r\nX-Request-Id: y"],
];

row("A9", "any other is replaced by ours", { rounds: { test: 50, full: 5_000 } }, async (run) => {
  await using service = await startLoneService();
  const drawn: Cases<string> = Array.from({ length: run.rounds }, () => {
    const letters = Array.from({ length: run.random.int(0, 40) }, () =>
      String.fromCharCode(run.random.int(0x20, 0xff)),
    );
    return [letters.join(""), `${letters.join("")}"`] as const; // A quote stands in no sane one.
  });
  const count = await inEachCase([...ids, ...drawn], async (id) => {
    const request = `GET /api/nothing HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: ${id}\r\n\r\n`;
    const { headers, status } = await sendRaw(service.url, Buffer.from(request, "latin1"));
    if (status === 400) return; // With a control character in it, Bun refuses the head.
    expect(status).toBe(404);
    expect(headers.get("x-request-id")).toMatch(/^[\w.-]{8,64}$/);
    expect(headers.get("x-request-id")).not.toBe(id);
  });
  expectSoundLog(service);
  run.did("ids replaced", count);
});

const requests: Cases<readonly [method: string, path: string]> = [
  ["a MAC", ["GET", `/api/configs/x${INJECTED}`]],
  ["a MAC to delete", ["DELETE", `/api/configs/x${INJECTED}`]],
  ["an asset's name", ["GET", `/api/assets/x${INJECTED}`]],
  ["an asset's name to delete", ["DELETE", `/api/assets/x${INJECTED}`]],
  ["a path", ["GET", `/api/x${INJECTED}`]],
  ["a query", ["GET", `/api/configs?q=x${INJECTED}&limit=1`]],
  ["a cursor", ["GET", `/api/configs?cursor=x${INJECTED.slice(0, 40)}`]],
  ["a path that is not UTF-8", ["GET", `/api/x%ff${INJECTED}`]],
];

row("A9", "a line feed splits neither an answer nor the log, wherever it is", {}, async (run) => {
  await using service = await startLoneService();
  const count = await inEachCase(requests, async ([method, path]) => {
    const response = await service.request(method, path);
    expect(response.status).toBeLessThan(500);
    expect(response.headers.get("set-cookie")).toBeNull();
  });
  for (const feed of ["\r\n", "\n", "\r"]) {
    const upload = await service.tryToUpload({ name: `x${feed}Set-Cookie: a=b`, bytes: "x" });
    expect(upload.headers.get("set-cookie")).toBeNull();
  }
  expect((await service.listAssets()).filter((name) => name !== "x")).toEqual([]); // A form's line ends at CR LF.
  await service.log.line(/"path":"\/api\/assets","status":400/);
  expectSoundLog(service);
  run.did("places", count + 3);
});

row("A9", "what a config holds is in no log line", {}, async () => {
  await using service = await startLoneService();
  await service.saveConfig(PORCH, { deviceName: "a\r\nb", secret: "hunter2" });
  await service.request("GET", `/api/configs/${PORCH}`);
  await service.tryToSaveConfig(PORCH, `{"secret":"hunter2","secret":1}`);
  await service.log.line(/"status":400/);
  expect(service.log.all.join()).not.toContain("hunter2");
  expectSoundLog(service);
});

/** Each line is one JSON object, and none was made by others than us. */
function expectSoundLog(service: LoneService): void {
  const lines = service.log.all.map((line) => JSON.parse(line));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter(({ msg, level }) => msg === "forged" || level >= 50)).toEqual([]);
}
