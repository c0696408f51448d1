import { expect } from "bun:test";
import { gzipSync } from "node:zlib";
import { type Cases, inEachCase } from "../support/cases.ts";
import { atOnce, macs } from "../support/load.ts";
import { BOUNDARY } from "../support/multipart.ts";
import { mutated } from "../support/mutation.ts";
import { ProcessFigures } from "../support/process-figures.ts";
import { openRaw, type RawConnection, type RawResponse, sendRaw } from "../support/raw-http.ts";
import { expectRefusal } from "../support/refusal.ts";
import { row } from "../support/row.ts";
import { type LoneService, startLoneService } from "../support/service-process.ts";
import { signedForm, uploadHead } from "../support/signed-form.ts";

const MAX_CONFIG_BYTES = 1_000;
const MAX_ASSET_BYTES = 100_000;
const [PORCH = "", OTHER = ""] = macs(2);
const CHUNK = `100000\r\n${"x".repeat(1024 * 1024)}\r\n`;
/** Far above every limit here, times the connections that send it. */
const ENDLESS_MIB = 100;
const CONNECTIONS = 16;
const MOST_MORE_MB = 100;

row("A4", "a config and an asset may have their largest size, and not a byte more", {}, async (run) => {
  await using service = await startSmall();
  const content = (bytes: number) => `{"a":"${"x".repeat(bytes - 8)}"}`;
  await service.saveConfig(PORCH, content(MAX_CONFIG_BYTES));
  const config = await service.tryToSaveConfig(PORCH, content(MAX_CONFIG_BYTES + 1));
  await expectRefusal(config, 413, "PAYLOAD_TOO_LARGE");
  expect((await service.fetchConfig(PORCH)).text).toBe(content(MAX_CONFIG_BYTES));

  await service.uploadAsset("largest.bin", new Uint8Array(MAX_ASSET_BYTES));
  const asset = await service.tryToUpload({ name: "larger.bin", bytes: new Uint8Array(MAX_ASSET_BYTES + 1) });
  await expectRefusal(asset, 413, "PAYLOAD_TOO_LARGE");
  expect(await service.listAssets()).toEqual(["largest.bin"]);
  run.did("bodies", 4);
});

row("A4", "what is said to be 10 GB is refused before its first byte", {}, async (run) => {
  await using service = await startSmall();
  for (const head of [putHead("Content-Length: 10000000000"), uploadHead(10_000_000_000)]) {
    expect(codeOf(await sendRaw(service.url, head))).toBe("PAYLOAD_TOO_LARGE");
  }
  run.did("bodies", 2);
});

const begunForm = () => {
  const form = signedForm("endless.bin", "");
  const begin = form.subarray(0, form.lastIndexOf(`\r\n--${BOUNDARY}`));
  return `${begin.length.toString(16)}\r\n${begin}\r\n`;
};
const chunkedUpload = uploadHead(0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
const chunked = "Transfer-Encoding: chunked";
const endless: Cases<() => string> = [
  ["a config", () => putHead(chunked)],
  ["an upload's file", () => chunkedUpload + begunForm()],
  ["an upload before its first part", () => chunkedUpload],
  ["a body where none belongs", () => `GET /api/health HTTP/1.1\r\nHost: x\r\n${chunked}\r\n\r\n`],
  ["a body for nobody", () => `PUT /nothing HTTP/1.1\r\nHost: x\r\n${chunked}\r\n\r\n`],
  ["a body of the wrong type", () => putHead(chunked).replace("application/json", "text/plain")],
  ["a body from a foreign page", () => putHead(`Origin: http://evil.example\r\n${chunked}`)],
  ["a body for no MAC", () => putHead(chunked, "x")],
];

row("A4", "bodies without an end take no memory, and hold nobody up", { timeoutMs: 90_000 }, async (run) => {
  await using service = await startSmall();
  const figures = new ProcessFigures(service.pid);
  const count = await inEachCase(endless, async (head) => {
    figures.forgetPeak();
    const before = figures.peakMb;
    const senders = Array.from({ length: CONNECTIONS }, () =>
      sendEndlessly(service, head(), ENDLESS_MIB / CONNECTIONS),
    );
    await service.saveConfig(PORCH, {});
    await Promise.all(senders);
    expect(figures.peakMb - before).toBeLessThan(MOST_MORE_MB);
  });
  expect(await service.listAssets()).toEqual([]);
  run.did("MiB sent", count * ENDLESS_MIB);
});

row("A4", "a body shorter than it was said to be is not stored", {}, async () => {
  await using service = await startSmall();
  using connection = await openRaw(service.url);
  await connection.send(`${putHead("Content-Length: 100", OTHER)}{"content":{}}`);
  connection.hangUp();
  await service.saveConfig(PORCH, {}); // Asked later, answered later.
  expect(await service.listConfigs()).toEqual([PORCH]);
});

row("A4", "the rest of a body longer than it was said to be is no request", {}, async () => {
  await using service = await startSmall();
  await service.saveConfig(PORCH, {});
  using connection = await openRaw(service.url);
  const rest = `DELETE /api/configs/${PORCH} HTTP/1.1\r\nHost: x\r\n\r\n`;
  await connection.send(`${putHead("Content-Length: 5", OTHER)}{"content":{"a":"${rest}"}}`);
  expect((await connection.response()).status).toBe(400);
  await connection.closes();
  expect(await service.listConfigs()).toEqual([PORCH]);
});

const garbage: Cases<string> = [
  ["a chunk's size that is no number", "zz\r\n{}\r\n0\r\n\r\n"],
  ["a chunk's size below zero", "-1\r\n{}\r\n0\r\n\r\n"],
  ["a chunk's size of 20 digits", "ffffffffffffffffffff\r\n{}\r\n0\r\n\r\n"],
  ["a chunk's size that a computer word turns into 14", `1000000000000000e\r\n{"content":{}}\r\n0\r\n\r\n`],
  ["a chunk's size in C's way", `0xe\r\n{"content":{}}\r\n0\r\n\r\n`],
  ["a chunk's size after a space", ` e\r\n{"content":{}}\r\n0\r\n\r\n`],
  ["a chunk without a size", `\r\n{"content":{}}\r\n0\r\n\r\n`],
  ["a chunk longer than its size", `2\r\n{"content":{}}\r\n0\r\n\r\n`],
  ["a chunk's end that is none", `e\r\n{"content":{}}XX0\r\n\r\n`],
  ["lines that end in LF alone", `e\n{"content":{}}\n0\n\n`],
  ["an extension with LF in it", `e;a\nb\r\n{"content":{}}\r\n0\r\n\r\n`],
];

row("A4", "chunks that are none are refused, and the connection closes", {}, async (run) => {
  await using service = await startSmall();
  const count = await inEachCase(garbage, async (chunks) => {
    using connection = await openRaw(service.url);
    await connection.send(putHead(chunked, OTHER) + chunks);
    expect([400, "closed"]).toContain(await statusOrClosed(connection));
    await connection.closes();
    expect(await service.listConfigs()).toEqual([]);
  });
  run.did("chunkings refused", count);
});

const CHUNKED = `4\r\n{"co\r\na\r\nntent":{}}\r\n0\r\n\r\n`;
const CHUNK_PIECES: readonly [string, ...string[]] = [
  ...([
    "\r\n",
    "\r",
    "\n",
    "0",
    "e",
    "ffffffff",
    "fffffffffffffff0",
    "-",
    "+",
    "0x",
    " ",
    "\t",
    ";",
    ";a=b",
    "\0",
  ] as const),
  ...["0\r\n\r\n", "X: y\r\n", "4\r\n", "g", `DELETE /api/configs/${PORCH} HTTP/1.1\r\nHost: x\r\n\r\n`],
];

/** The body may be complete before it: then it is a request of its own, and is to be done. */
const hasNextRequest = /\r\n\r\n\s*DELETE/;

row(
  "A4",
  "whatever the chunks, nothing but the config sent is stored",
  { rounds: { test: 100, full: 20_000 } },
  async (run) => {
    await using service = await startSmall();
    await service.saveConfig(PORCH, {});
    const drawn = Array.from({ length: run.rounds }, () => mutated(CHUNKED, CHUNK_PIECES, run.random)).filter(
      (chunks) => !hasNextRequest.test(chunks),
    );
    await atOnce(8, drawn, async (chunks) => {
      using connection = await openRaw(service.url);
      await connection.send(putHead(chunked, OTHER) + chunks);
      connection.finish();
      await connection.closes();
    });
    expect((await service.fetchConfig(PORCH)).revision).toBe(1);
    for (const mac of await service.listConfigs()) expect((await service.fetchConfig(mac)).text).toBe("{}");
    run.did("chunkings drawn", drawn.length);
  },
);

row("A4", "a compressed body is refused", {}, async (run) => {
  await using service = await startSmall();
  const count = await inEachCase(
    ["gzip", "br", "deflate", "x-gzip", "identity, gzip"].map((encoding) => [encoding, encoding] as const),
    async (encoding) => {
      const headers = { "Content-Type": "application/json", "Content-Encoding": encoding };
      const body = gzipSync(`{"content":{}}`);
      const response = await service.request("PUT", `/api/configs/${OTHER}`, { headers, body });
      await expectRefusal(response, 415, "UNSUPPORTED_MEDIA_TYPE");
    },
  );
  run.did("encodings refused", count);
});

function startSmall(): Promise<LoneService> {
  const limits = { MAX_CONFIG_BYTES: `${MAX_CONFIG_BYTES}`, MAX_ASSET_BYTES: `${MAX_ASSET_BYTES}` };
  return startLoneService(limits);
}

function putHead(bodyHeaders: string, mac = PORCH): string {
  return `PUT /api/configs/${mac} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n${bodyHeaders}\r\n\r\n`;
}

/** Until the other side ends it, or so much was sent. */
async function sendEndlessly({ url }: LoneService, head: string, mostMib: number): Promise<void> {
  using connection = await openRaw(url);
  await connection.send(head);
  for (let sent = 0; sent < mostMib && connection.isOpen; sent++) await connection.send(CHUNK);
}

/** Who goes on sending may find the connection reset, and with it the answer gone (RFC 9112, section 9.6). */
async function statusOrClosed(connection: RawConnection): Promise<number | "closed"> {
  return connection.response().then(
    ({ status }) => status,
    () => "closed" as const,
  );
}

function codeOf({ body }: RawResponse): string {
  return JSON.parse(body.toString()).code;
}
