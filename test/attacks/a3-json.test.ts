import { expect } from "bun:test";
import { assert, asyncProperty, dictionary, jsonValue, nat, string, tuple } from "fast-check";
import { type Cases, inEachCase } from "../support/cases.ts";
import { mutated } from "../support/mutation.ts";
import { ProcessFigures } from "../support/process-figures.ts";
import { openRaw } from "../support/raw-http.ts";
import { expectRefusal } from "../support/refusal.ts";
import { row } from "../support/row.ts";
import { type LoneService, startLoneService } from "../support/service-process.ts";

const PORCH = "aa-bb-cc-dd-ee-01";
const OTHER = "aa-bb-cc-dd-ee-02";
const MAX_CONFIG_BYTES = 256 * 1024;
const MOST_MORE_MB = 100;

/** Objects of as many names as fit. */
const manyNames = (count: number) =>
  `{${Array.from({ length: count }, (_, at) => `"${at.toString(36)}":0`).join()}}`;

const kept: Cases<string> = [
  ["64 levels deep", nested(64)],
  ["64 levels of arrays", `{"a":${"[".repeat(63)}${"]".repeat(63)}}`],
  [
    "with __proto__, constructor and prototype",
    `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`,
  ],
  ["with a deviceName in __proto__", `{"__proto__":{"deviceName":"x"}}`],
  ["with numbers that no double holds", `{"a":1.0,"b":12345678901234567890,"c":1e999999,"d":-0,"e":1E+2}`],
  ["with a number of 100,000 digits", `{"a":${"9".repeat(100_000)}}`],
  ["with keys that look like integers", `{"10":1,"2":2,"a":3,"1":4}`],
  ["with lone surrogates, escaped", String.raw`{"a":"\ud800","\udfff":1}`],
  ["with letters escaped and not", '{"\\u0061":"é\\u00e9/\\/😀"}'],
  ["with spaces and lines of its own", '{ "a" :\r\n\t[ 1 ,2 ]\n}'],
  ["with 32,000 names, as many as fit", manyNames(32_000)],
  ["of the largest size", `{"a":"${"x".repeat(MAX_CONFIG_BYTES - 8)}"}`],
  ["with nothing in it", "{}"],
  ["with U+2028, NUL and an empty name", String.raw`{"":"\u0000 ${"\u2028"}"}`],
];

row("A3", "a content is kept byte for byte, and touches nothing else", {}, async (run) => {
  await using service = await startLoneService();
  const count = await inEachCase(kept, async (content) => {
    await service.saveConfig(PORCH, content);
    expect((await service.fetchConfig(PORCH)).text).toBe(content);
    const whole = await (await service.request("GET", `/api/configs/${PORCH}`)).text();
    expect(whole).toContain(content);
    expect(whole).toContain('"device_name":null');
  });
  expect(await (await service.request("GET", "/api/health")).json()).toEqual({
    status: "healthy",
    mqtt: "disabled",
    pending_announcements: 0,
  });
  run.did("contents kept", count);
});

const notUtf8 = (...bytes: readonly number[]) =>
  Buffer.concat([Buffer.from(`{"content":{"a":"`), Buffer.from(bytes), Buffer.from(`"}}`)]);

const refused: Cases<string | Uint8Array> = [
  ["65 levels deep", `{"content":${nested(65)}}`],
  ["100,000 levels deep", `{"content":{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`],
  ["100,000 levels deep and never closed", "[".repeat(100_000)],
  [
    "100,000 levels deep beside the content",
    `{"content":{},"x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
  ],
  ["with a name twice", `{"content":{"a":1,"a":1}}`],
  ["with a name twice, once escaped", String.raw`{"content":{"a":1,"\u0061":1}}`],
  ["with a name twice, far down", `{"content":{"a":[{"b":{"c":1,"d":2,"c":3}}]}}`],
  ["with __proto__ twice", `{"content":{"__proto__":1,"__proto__":2}}`],
  ["with two contents", `{"content":{},"content":{"a":1}}`],
  ["with a byte order mark", `\ufeff{"content":{}}`],
  ["with a byte order mark before the content", `{"content":\ufeff{}}`],
  ["not UTF-8", notUtf8(0xff)],
  ["with a surrogate in UTF-8", notUtf8(0xed, 0xa0, 0x80)],
  ["with an overlong slash", notUtf8(0xc0, 0xaf)],
  ["with a letter cut in half", notUtf8(0xc3)],
  ["in UTF-16", Buffer.from(`{"content":{}}`, "utf16le")],
  ["that is empty", ""],
  ["that is no JSON", "content"],
  ["with a comment", `{"content":{/* x */}}`],
  ["with a comma too many", `{"content":{"a":1,}}`],
  ["with single quotes", `{'content':{}}`],
  ["with NaN", `{"content":{"a":NaN}}`],
  ["with a number that begins with 0", `{"content":{"a":01}}`],
  ["with a raw line feed in a string", `{"content":{"a":"\n"}}`],
  ["with a no-break space between", `{"content":\u00a0{}}`],
  ["with something after its end", `{"content":{}}{}`],
  ["cut short", `{"content":{"a":1`],
  ["that is an array", `[{"content":{}}]`],
  ["without a content", `{"allow_overwrite":true}`],
  ["whose content is null", `{"content":null}`],
  ["whose content is an array", `{"content":[]}`],
  ["whose content is text", `{"content":"{}"}`],
  ["whose content is only in __proto__", `{"__proto__":{"content":{}}}`],
  ["whose allow_overwrite is text", `{"content":{},"allow_overwrite":"false"}`],
];

row("A3", "a body that is no acceptable JSON is refused, saying where", {}, async (run) => {
  await using service = await startLoneService();
  const count = await inEachCase(refused, async (body) => {
    const { error } = await expectRefusal(await put(service, body), 400, "VALIDATION_FAILED");
    expect(error).toMatch(/^(body|content|allow_overwrite): /);
    expect(error.length).toBeLessThan(500);
    expect(await service.listConfigs()).toEqual([]);
  });
  run.did("bodies refused", count);
});

row("A3", "any object comes back as it was written", { rounds: { test: 60, full: 10_000 } }, async (run) => {
  await using service = await startLoneService();
  const drawn = tuple(dictionary(string({ unit: "binary" }), jsonValue({ stringUnit: "binary" })), nat(3));
  const law = asyncProperty(drawn, async ([value, spaces]) => {
    const content = JSON.stringify(value, null, spaces);
    await service.saveConfig(PORCH, content);
    expect((await service.fetchConfig(PORCH)).text).toBe(content);
  });
  await assert(law, { numRuns: run.rounds, seed: run.random.seed | 0 });
  run.did("objects drawn", run.rounds);
});

const LIKE = `{"content":{"a":[1,-2.5e3,"x\\u00e9\\n",null,true],"b":{"c":{},"d":"é😀"}},"allow_overwrite":true}`;
const JSON_PIECES: readonly [string, ...string[]] = [
  ...([
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    "\\",
    "\\u",
    "\\ud800",
    "/",
    "//",
    "\0",
    "\t",
    "\n",
    "\u00a0",
  ] as const),
  ...[
    "\xff",
    "\xc0\xaf",
    "\xef\xbb\xbf",
    "0",
    "-",
    "e",
    ".",
    "1e999",
    "tru",
    "null",
    '"a":1,',
    '"a":',
    '"b":{}',
  ],
  ...['"__proto__":1,', '"content":{},', "[[[[[[[[[[", '{"a":'.repeat(70)],
];

row(
  "A3",
  "a body is taken where it is sound JSON, and refused where not",
  { rounds: { test: 200, full: 30_000 } },
  async (run) => {
    await using service = await startLoneService();
    const bytes = Buffer.from(LIKE).toString("latin1");
    for (let round = 0; round < run.rounds; round++) {
      const body = Buffer.from(mutated(bytes, JSON_PIECES, run.random), "latin1");
      const response = await put(service, body);
      const { status } = response;
      await response.text();
      expect({ body: body.toString(), status }).toEqual({
        body: body.toString(),
        status: isSound(body) ? 200 : 400,
      });
    }
    run.did("bodies drawn", run.rounds);
  },
);

row("A3", "ten million names are refused on their way, and take no memory", {}, async (run) => {
  await using service = await startLoneService();
  await service.saveConfig(PORCH, manyNames(32_000)); // As warm as it gets.
  const figures = new ProcessFigures(service.pid);
  figures.forgetPeak();
  const before = figures.peakMb;
  const names = Buffer.from(Array.from({ length: 10_000 }, (_, at) => `"${at}":0,`).join(""));
  using connection = await openRaw(service.url);
  await connection.send(`${putHead(OTHER)}Transfer-Encoding: chunked\r\n\r\nc\r\n{"content":{\r\n`);
  for (let sent = 0; sent < 1_000 && connection.isOpen; sent++) {
    await connection.send(
      Buffer.concat([Buffer.from(`${names.length.toString(16)}\r\n`), names, Buffer.from("\r\n")]),
    );
  }
  expect((await connection.response()).status).toBe(413);
  expect(figures.peakMb - before).toBeLessThan(MOST_MORE_MB);
  expect(await service.listConfigs()).toEqual([PORCH]);
  run.did("names in one object", 10_000_000);
});

function put(service: LoneService, body: string | Uint8Array): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return service.request("PUT", `/api/configs/${OTHER}`, { headers, body });
}

function putHead(mac: string): string {
  return `PUT /api/configs/${mac} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n`;
}

/** An object in which so many levels lie inside of each other. */
function nested(levels: number): string {
  return `${`{"a":`.repeat(levels - 1)}{}${"}".repeat(levels - 1)}`;
}

/** What the contract says of a body, judged by JSON.parse and by counting: in other ways than the code does. */
function isSound(body: Buffer): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    const parsed = JSON.parse(text);
    const { content, allow_overwrite = true } = parsed;
    const isRight = isObject(parsed) && isObject(content) && typeof allow_overwrite === "boolean";
    return isRight && levelsOf(parsed) <= 65 && namesIn(parsed) === namesWritten(text);
  } catch {
    return false;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function levelsOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(levelsOf));
}

/** How many names its objects have. One that was written twice is there once. */
function namesIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, each) => sum + namesIn(each), own);
}

/** In sound JSON, only a name is a string before a colon. */
function namesWritten(text: string): number {
  return [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/g)].filter(([, colon]) => colon !== undefined).length;
}
