import { expect } from "bun:test";
import { type Cases, inEachCase } from "../support/cases.ts";
import { atOnce, macs } from "../support/load.ts";
import { mutated } from "../support/mutation.ts";
import { ProcessFigures } from "../support/process-figures.ts";
import { openRaw } from "../support/raw-http.ts";
import { row } from "../support/row.ts";
import { type LoneService, startLoneService } from "../support/service-process.ts";
import { signedForm, uploadHead } from "../support/signed-form.ts";

const [PORCH = "", OTHER = ""] = macs(2);
const HOST = "Host: 127.0.0.1\r\n";
const PUT = `PUT /api/configs/${OTHER} HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;
const BODY = `{"content":{}}`;
const CHUNKS = `e\r\n${BODY}\r\n0\r\n\r\n`;
/** What must never be done. */
const SMUGGLED = `DELETE /api/configs/${PORCH} HTTP/1.1\r\n${HOST}\r\n`;
const GET = "GET /api/health HTTP/1.1\r\n";
const MOST_MORE_MB = 150;

const refused: Cases<string> = [
  [
    "both lengths, the chunks meant",
    `${PUT}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    "both lengths, the other way round",
    `${PUT}Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n`,
  ],
  ["two lengths that differ", `${PUT}Content-Length: 14\r\nContent-Length: 0\r\n\r\n${BODY}`],
  ["a list of lengths", `${PUT}Content-Length: 14, 14\r\n\r\n${BODY}`],
  ["a length with a sign", `${PUT}Content-Length: +14\r\n\r\n${BODY}`],
  ["a length below zero", `${PUT}Content-Length: -1\r\n\r\n${BODY}`],
  ["a length in C's way", `${PUT}Content-Length: 0xe\r\n\r\n${BODY}`],
  [
    "a length that a computer word turns into 14",
    `${PUT}Content-Length: 18446744073709551630\r\n\r\n${BODY}`,
  ],
  ["a length that is empty", `${PUT}Content-Length: \r\n\r\n${BODY}`],
  ["a length with a space before its colon", `${PUT}Content-Length : 14\r\n\r\n${BODY}`],
  ["chunks with a space before the colon", `${PUT}Transfer-Encoding : chunked\r\n\r\n${CHUNKS}`],
  ["a coding that is none", `${PUT}Transfer-Encoding: xchunked\r\n\r\n${CHUNKS}`],
  ["the identity as a coding", `${PUT}Transfer-Encoding: identity\r\n\r\n`],
  ["chunks that are not the last coding", `${PUT}Transfer-Encoding: chunked, identity\r\n\r\n${CHUNKS}`],
  ["compressed chunks", `${PUT}Transfer-Encoding: gzip, chunked\r\n\r\n${CHUNKS}`],
  ["two codings", `${PUT}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n${CHUNKS}`],
  ["a coding after a vertical tab", `${PUT}Transfer-Encoding: \x0bchunked\r\n\r\n${CHUNKS}`],
  ["chunks in HTTP/1.0", `${PUT.replace("1.1", "1.0")}Transfer-Encoding: chunked\r\n\r\n${CHUNKS}`],
  ["two hosts", `${GET}${HOST}Host: other.example\r\n\r\n`],
  ["no host", `${GET}\r\n`],
  ["a host with a space", `${GET}Host: a b\r\n\r\n`],
  ["a host with a path", `${GET}Host: a/b\r\n\r\n`],
  ["a host with a query", `${GET}Host: a?b\r\n\r\n`],
  ["a host with a user", `${GET}Host: user@a\r\n\r\n`],
  ["a host that is not ASCII", `${GET}Host: \xe9\r\n\r\n`],
  ["a host with a port that is none", `${GET}Host: a:99999999\r\n\r\n`],
  ["a host with half a bracket", `${GET}Host: [::1\r\n\r\n`],
  ["bare line feeds", `${GET}${HOST}\r\n`.replaceAll("\r\n", "\n")],
  ["a bare line feed in a header", `${GET}Host: x\nX: y\r\n\r\n`],
  ["a bare carriage return in a header", `${GET}Host: x\rX: y\r\n\r\n`],
  ["a folded header", `${GET}${HOST}X: y\r\n z\r\n\r\n`],
  ["a folded header, the first", `${GET} Host: x\r\n${HOST}\r\n`],
  ["NUL in a header", `${GET}${HOST}X: a\0b\r\n\r\n`],
  ["NUL in a path", `GET /api/a\0b HTTP/1.1\r\n${HOST}\r\n`],
  ["a space in a path", `GET /api/a b HTTP/1.1\r\n${HOST}\r\n`],
  ["a header without a name", `${GET}${HOST}: x\r\n\r\n`],
  ["a header without a colon", `${GET}${HOST}x\r\n\r\n`],
  ["a version that is none", `GET /api/health HTTP/1.2\r\n${HOST}\r\n`],
  ["a path that does not begin", `GET api/health HTTP/1.1\r\n${HOST}\r\n`],
  ["a method that is none", `G@T /api/health HTTP/1.1\r\n${HOST}\r\n`],
  ["a method in small letters", `get /api/health HTTP/1.1\r\n${HOST}\r\n`],
  ["a path of 60 KB", `GET /${"x".repeat(60_000)} HTTP/1.1\r\n${HOST}\r\n`],
  ["300 headers", `${GET}${HOST}${Array.from({ length: 300 }, (_, at) => `X-${at}: y\r\n`).join("")}\r\n`],
  ["HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a TLS handshake", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
];

row(
  "A8",
  "a head that can be read in two ways is refused, and nothing after it on its connection is done",
  {},
  async (run) => {
    await using service = await startWithPorch();
    const count = await inEachCase(refused, async (request) => {
      using connection = await openRaw(service.url);
      await connection.send(Buffer.from(request + SMUGGLED, "latin1"));
      const status = await connection.response().then(
        (answer) => answer.status,
        () => "closed",
      );
      expect([400, 431, 505, "closed"]).toContain(status);
      await connection.closes();
      await expectOnlyPorch(service);
    });
    run.did("heads refused", count);
  },
);

const carriers: Cases<string> = [
  ["a GET", `${GET}${HOST}`],
  ["a HEAD", `${GET.replace("GET", "HEAD")}${HOST}`],
  ["a DELETE of nothing", `DELETE /api/configs/${OTHER} HTTP/1.1\r\n${HOST}`],
  ["a PUT to nowhere", `PUT /nothing HTTP/1.1\r\n${HOST}`],
  ["a PUT of another type", `PUT /api/configs/${OTHER} HTTP/1.1\r\n${HOST}`],
  ["a PUT of no JSON", PUT],
  ["a POST of no form", `POST /api/assets HTTP/1.1\r\n${HOST}`],
];

row("A8", "a body that looks like a request is none, whoever carries it", {}, async (run) => {
  await using service = await startWithPorch();
  const sized = `Content-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`;
  const chunked = `Transfer-Encoding: chunked\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`;
  const count = await inEachCase(carriers, async (head) => {
    for (const body of [sized, chunked]) {
      using connection = await openRaw(service.url);
      await connection.send(head + body);
      await connection.response({ toHead: head.startsWith("HEAD") });
      await expectOnlyPorch(service);
      // The next request on it is one: what was between the two was read as the body that it was.
      await connection.send(`${GET}${HOST}\r\n`);
      expect((await connection.response()).status).toBe(200);
    }
  });
  run.did("bodies carried", 2 * count);
});

const upgrade = `${GET}${HOST}Connection: Upgrade\r\n`;
const odd: Cases<readonly [request: string, status: number]> = [
  [
    "WebSocket is not spoken",
    [
      `${upgrade}Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      200,
    ],
  ],
  ["nor is HTTP/2", [`${upgrade}Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n`, 200]],
  ["nothing is traced", [`TRACE /api/health HTTP/1.1\r\n${HOST}Cookie: secret\r\n\r\n`, 405]],
  ["nobody is connected elsewhere", [`CONNECT other.example:443 HTTP/1.1\r\n${HOST}\r\n`, 404]],
  ["another host's path is ours", [`GET http://other.example/api/health HTTP/1.1\r\n${HOST}\r\n`, 200]],
  ["HTTP/1.0 needs no host", ["GET /api/health HTTP/1.0\r\n\r\n", 200]],
  ["an empty host turns no path", [`GET /public/api/health HTTP/1.1\r\nHost: \r\n\r\n`, 404]],
  ["an empty host is served", [`${GET}Host: \r\n\r\n`, 200]],
  ["a length may be said twice", [`${PUT}Content-Length: 14\r\nContent-Length: 14\r\n\r\n${BODY}`, 200]],
  [
    "an unknown expectation is not met",
    [`${PUT}Expect: something\r\nContent-Length: 14\r\n\r\n${BODY}`, 200],
  ],
];

row("A8", "what is odd and allowed is answered as what it is", {}, async (run) => {
  await using service = await startLoneService();
  const count = await inEachCase(odd, async ([request, status]) => {
    using connection = await openRaw(service.url);
    await connection.send(request);
    const answer = await connection.response();
    expect(answer.status).toBe(status);
    expect(answer.body.toString()).not.toContain("secret");
  });
  run.did("odd requests", count);
});

row(
  "A8",
  "a client that waits to be told to go on is told, and one that is refused is told that",
  {},
  async () => {
    await using service = await startLoneService();
    using connection = await openRaw(service.url);
    await connection.send(`${PUT}Expect: 100-continue\r\nContent-Length: ${BODY.length}\r\n\r\n`);
    await connection.send(BODY);
    expect((await connection.response()).status).toBe(200); // After a 100, which is passed over.
    using refusedOne = await openRaw(service.url);
    await refusedOne.send(`${PUT}Expect: 100-continue\r\nContent-Length: 10000000\r\n\r\n`);
    expect((await refusedOne.response()).status).toBe(413);
  },
);

row("A8", "a HEAD says what the GET says, and has no body", {}, async (run) => {
  await using service = await startWithPorch();
  await service.uploadAsset("fw.bin", "firmware");
  const paths = [
    "health",
    "configs",
    `configs/${PORCH}`,
    `configs/${PORCH}.json`,
    "assets",
    "assets/fw.bin",
    "openapi.json",
    "docs",
    "nothing",
  ];
  for (const path of paths) {
    const get = await service.request("GET", `/api/${path}`);
    const head = await service.request("HEAD", `/api/${path}`);
    expect(await head.text()).toBe("");
    const said = ({ status, headers }: Response) => [
      path,
      status,
      headers.get("content-length"),
      headers.get("etag"),
    ];
    expect(said(head)).toEqual(said(get));
    expect(head.headers.get("content-length")).toBe(`${(await get.bytes()).length}`);
  }
  run.did("paths", paths.length);
});

const form = signedForm("f.bin", "hello");
const like: readonly [string, ...string[]] = [
  `${PUT}Content-Length: ${BODY.length}\r\nIf-Match: "a"\r\n\r\n${BODY}`,
  `${PUT}Transfer-Encoding: chunked\r\n\r\n${CHUNKS}`,
  `GET /api/assets/fw.bin HTTP/1.1\r\n${HOST}Range: bytes=1-3,5-\r\nIf-Range: "x"\r\nIf-None-Match: W/"a", "b"\r\n\r\n`,
  `GET /api/configs?limit=10&cursor=aa&q=%e9 HTTP/1.1\r\n${HOST}Origin: http://a\r\nSec-Fetch-Site: x\r\n\r\n`,
  `DELETE /api/assets/%66w.bin HTTP/1.1\r\n${HOST}If-Match: "nope"\r\n\r\n`,
  `GET /api/docs/swagger-ui.css HTTP/1.1\r\n${HOST}\r\n`,
  `OPTIONS /api/configs/x HTTP/1.1\r\n${HOST}Origin: http://x\r\nAccess-Control-Request-Method: PUT\r\n\r\n`,
  `${uploadHead(form.length)}${form.toString("latin1")}`,
];
const HEAD_PIECES: readonly [string, ...string[]] = [
  ...([
    "\r\n",
    "\0",
    "%",
    "%00",
    "%2e%2e",
    "../",
    "\xff",
    "\xc0\xaf",
    "0".repeat(300),
    "{",
    '"',
    ":",
    ",",
    ";",
  ] as const),
  ...[
    "=",
    "-",
    "*",
    "bytes=",
    "chunked",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Host: x\r\n",
  ],
  ...[
    "Host:",
    "\n",
    "\r",
    " ",
    "\t",
    "x".repeat(3_000),
    "boundary=",
    "__proto__",
    "W/",
    "e999",
    "?",
    "#",
    "&",
    "/",
    ">",
  ],
];

row(
  "A8",
  "whatever is sent, no answer is a fault of ours",
  { rounds: { test: 500, full: 50_000 } },
  async (run) => {
    await using service = await startLoneService({ LOG_LEVEL: "info" });
    const figures = new ProcessFigures(service.pid);
    await service.uploadAsset("fw.bin", "firmware");
    const before = figures.peakMb;
    const drawn = Array.from({ length: run.rounds }, () =>
      mutated(run.random.pick(like), HEAD_PIECES, run.random),
    );
    await atOnce(16, drawn, async (request) => {
      using connection = await openRaw(service.url);
      await connection.send(Buffer.from(request, "latin1"));
      connection.finish();
      await connection.closes(40_000);
      expect(connection.received.matchAll(/HTTP\/1\.1 5(?!05)\d\d/g).toArray()).toEqual([]);
    });
    expect(await service.health()).toMatchObject({ status: "healthy" });
    const failures = service.log.all.map((line) => JSON.parse(line)).filter(({ level }) => level >= 50);
    expect(failures).toEqual([]);
    expect(figures.peakMb - before).toBeLessThan(MOST_MORE_MB);
    run.did("requests drawn", run.rounds);
  },
);

async function startWithPorch(): Promise<LoneService> {
  const service = await startLoneService();
  await service.saveConfig(PORCH, {});
  return service;
}

async function expectOnlyPorch(service: LoneService): Promise<void> {
  expect(await service.listConfigs()).toEqual([PORCH]);
  expect((await service.fetchConfig(PORCH)).revision).toBe(1);
}
