import { expect } from "bun:test";
import type { Random } from "../../simulate/random.ts";
import { type Cases, inEachCase } from "../support/cases.ts";
import { ProcessFigures } from "../support/process-figures.ts";
import { sendRaw } from "../support/raw-http.ts";
import { row } from "../support/row.ts";
import { type LoneService, startLoneService } from "../support/service-process.ts";

const BYTES = Buffer.from(Array.from({ length: 1_000 }, (_, at) => at % 251));
const WHOLE = [200, 0, 1_000] as const;
const MOST_MORE_MB = 100;

/** The status, and the first byte of the answer and the first after it. */
type Expected = readonly [status: number, from: number, to: number];

const ranges: Cases<readonly [range: string, expected: Expected]> = [
  ["from the first", ["bytes=0-", [206, 0, 1_000]]],
  ["the first alone", ["bytes=0-0", [206, 0, 1]]],
  ["in the middle", ["bytes=10-19", [206, 10, 20]]],
  ["from the last", ["bytes=999-", [206, 999, 1_000]]],
  ["the last alone", ["bytes=-1", [206, 999, 1_000]]],
  ["more than all", ["bytes=-5000", [206, 0, 1_000]]],
  ["past the end by one", ["bytes=990-1000", [206, 990, 1_000]]],
  ["past the end by far", ["bytes=990-99999999999999999999", [206, 990, 1_000]]],
  ["backwards", ["bytes=5-2", WHOLE]],
  ["of letters", ["bytes=a-b", WHOLE]],
  ["of nothing", ["bytes=", WHOLE]],
  ["of a dash", ["bytes=-", WHOLE]],
  ["below zero", ["bytes=--1", WHOLE]],
  ["in C's way", ["bytes=0x1-2", WHOLE]],
  ["of lines", ["lines=0-1", WHOLE]],
  ["two of them", ["bytes=0-1,3-4", WHOLE]],
  ["1,000 of them", [`bytes=${"0-0,".repeat(1_000)}1-1`, WHOLE]],
  ["1,000 that overlap", [`bytes=${"0-,".repeat(1_000)}0-`, WHOLE]],
];

row("A10", "a range is answered as RFC 9110 has it, and by one part at the most", {}, async (run) => {
  await using service = await startWithAsset();
  const count = await inEachCase(ranges, async ([range, [status, from, to]]) => {
    const response = await get(service, { Range: range });
    expect(response.status).toBe(status);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(BYTES.subarray(from, to));
    if (status === 206) expect(response.headers.get("content-range")).toBe(`bytes ${from}-${to - 1}/1000`);
    expect(response.headers.get("content-length")).toBe(`${to - from}`);
  });
  run.did("ranges", count);
});

row("A10", "a range of which nothing is there is answered 416 with the size", {}, async (run) => {
  await using service = await startWithAsset();
  const none = ["bytes=-0", "bytes=1000-", "bytes=1000-2000", "bytes=99999999999999999999-"];
  const count = await inEachCase(
    none.map((range) => [range, range] as const),
    async (range) => {
      const response = await get(service, { Range: range });
      expect(response.status).toBe(416);
      expect(response.headers.get("content-range")).toBe("bytes */1000");
      expect(await response.json()).toMatchObject({ code: "RANGE_NOT_SATISFIABLE" });
    },
  );
  run.did("ranges", count);
});

row(
  "A10",
  "whatever the range, status, length and bytes agree",
  { rounds: { test: 100, full: 20_000 } },
  async (run) => {
    await using service = await startWithAsset();
    for (let round = 0; round < run.rounds; round++) {
      const range = drawnRange(run.random);
      const response = await get(service, { Range: range });
      const bytes = Buffer.from(await response.arrayBuffer());
      const { status, headers } = response;
      const [, from = "0", last = "999"] =
        /^bytes (\d+)-(\d+)\/1000$/.exec(headers.get("content-range") ?? "") ?? [];
      const expected = status === 416 ? bytes : BYTES.subarray(Number(from), Number(last) + 1);
      expect({ range, isKnown: [200, 206, 416].includes(status) }).toEqual({ range, isKnown: true });
      expect(headers.get("content-length")).toBe(`${bytes.length}`);
      expect({ range, bytes }).toEqual({ range, bytes: expected });
    }
    run.did("ranges drawn", run.rounds);
  },
);

row("A10", "a range counts only where If-Range names this very version, and not in a HEAD", {}, async () => {
  await using service = await startWithAsset();
  const { etag } = await service.fetchAsset("fw.bin");
  const statusWith = async (ifRange: string) =>
    (await get(service, { Range: "bytes=0-1", "If-Range": ifRange })).status;
  expect(await statusWith(etag)).toBe(206);
  expect(await statusWith(`"other"`)).toBe(200);
  expect(await statusWith(`W/${etag}`)).toBe(200); // RFC 9110, 13.1.5: compared strongly.
  expect(await statusWith("nonsense")).toBe(200);
  const head = await service.request("HEAD", "/api/assets/fw.bin", { headers: { Range: "bytes=0-1" } });
  expect(head.status).toBe(200);
  expect(head.headers.get("content-length")).toBe("1000");
});

const conditions: Cases<readonly [condition: (etag: string) => string, status: number]> = [
  ["with its ETag", [(its) => its, 304]],
  ["with its ETag, weak", [(its) => `W/${its}`, 304]],
  ["with its ETag among others", [(its) => `"a", W/"b,c", ${its}`, 304]],
  ["with a star", [() => "*", 304]],
  ["with another", [() => `"other"`, 200]],
  ["without quotes", [(its) => its.replaceAll('"', ""), 200]],
  ["with its ETag inside of another", [(its) => `"x${its.slice(1)}`, 200]],
  ["with a star among others", [() => `"a", *`, 200]],
  ["of 12 KB", [(its) => `${`"a", `.repeat(2_400)}${its}`, 304]],
  ["of 12 KB of commas", [(its) => `${",".repeat(12_000)}${its}`, 304]],
  ["of 12 KB of quotes", [() => '"'.repeat(12_000), 200]],
];

row("A10", "If-None-Match is answered as RFC 9110 has it, before any range", {}, async (run) => {
  await using service = await startWithAsset();
  const { etag } = await service.fetchAsset("fw.bin");
  const count = await inEachCase(conditions, async ([condition, status]) => {
    const response = await get(service, { "If-None-Match": condition(etag) });
    expect(response.status).toBe(status);
    expect(response.headers.get("etag")).toBe(etag);
    expect((await response.arrayBuffer()).byteLength).toBe(status === 304 ? 0 : 1_000);
  });
  expect((await get(service, { "If-None-Match": etag, Range: "bytes=0-1" })).status).toBe(304);
  run.did("conditions", count + 1);
});

row(
  "A10",
  "conditions of 100 KB are refused, and take no memory",
  { rounds: { test: 50, full: 1_000 } },
  async (run) => {
    await using service = await startWithAsset();
    const figures = new ProcessFigures(service.pid);
    figures.forgetPeak();
    const before = figures.peakMb;
    for (let round = 0; round < run.rounds; round++) {
      for (const header of ["If-None-Match", "If-Match", "Range", "If-Range"]) {
        const request = `GET /api/assets/fw.bin HTTP/1.1\r\nHost: x\r\n${header}: ${`"a", `.repeat(20_000)}"b"\r\n\r\n`;
        expect([400, 431]).toContain((await sendRaw(service.url, request)).status);
      }
    }
    expect((await service.fetchAsset("fw.bin")).bytes).toEqual(BYTES);
    expect(figures.peakMb - before).toBeLessThan(MOST_MORE_MB);
    run.did("conditions", 4 * run.rounds);
  },
);

async function startWithAsset(): Promise<LoneService> {
  const service = await startLoneService();
  await service.uploadAsset("fw.bin", BYTES);
  return service;
}

function get(service: LoneService, headers: Record<string, string>): Promise<Response> {
  return service.request("GET", "/api/assets/fw.bin", { headers });
}

function drawnRange(random: Random): string {
  const numbers = [
    "",
    "0",
    "1",
    "500",
    "999",
    "1000",
    "1001",
    "99999999999999999999",
    "-1",
    "x",
    " 1",
  ] as const;
  const one = () => `${random.pick(numbers)}${random.pick(["-", "-", "-", "", "--"])}${random.pick(numbers)}`;
  const list = Array.from({ length: random.pick([1, 1, 1, 2, 5]) }, one);
  return `${random.pick(["bytes=", "bytes=", "bytes=", "Bytes=", "bytes", "bytes = ", "items="])}${list.join(random.pick([",", ", "]))}`;
}
