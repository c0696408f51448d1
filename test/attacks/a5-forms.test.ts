import { expect } from "bun:test";
import type { Random } from "../../simulate/random.ts";
import { type Cases, inEachCase } from "../support/cases.ts";
import { until } from "../support/deadline.ts";
import { filesUnder } from "../support/files.ts";
import { atOnce } from "../support/load.ts";
import { BOUNDARY, multipart, type Part } from "../support/multipart.ts";
import { mutated } from "../support/mutation.ts";
import { ProcessFigures } from "../support/process-figures.ts";
import { openRaw } from "../support/raw-http.ts";
import { expectRefusal } from "../support/refusal.ts";
import { row } from "../support/row.ts";
import { type LoneService, startLoneService } from "../support/service-process.ts";
import { signedFields, signedForm, uploadHead } from "../support/signed-form.ts";

const MIB = Buffer.alloc(1024 * 1024, "x");
const FILE: Part = { name: "file", value: "never seen before", filename: "form.bin" };
const MAX_UPLOADS = 16;
const MOST_MORE_MB = 100;
/** Far below the time after which an upload that stands still is given up. */
const ANSWERED_WITHIN_MS = 10_000;

const fields = signedFields;
const many = Array.from({ length: 10_000 }, (_, part): Part => ({ name: `part${part}`, value: "x" }));
const headers = many.map(({ name }) => `${name}: ${"x".repeat(100)}`);
const inner = multipart([...fields(), FILE], "inner");
const longAgo = () => signedFields("2001-01-01T00:00:00Z");
const forms: Cases<() => readonly Part[]> = [
  ["with nothing in it", () => []],
  ["without a file", fields],
  ["whose file is a plain field", () => [...fields(), { name: "file", value: "x" }]],
  ["without a timestamp", () => [...fields().slice(1), FILE]],
  ["without a signature", () => [...fields().slice(0, 1), FILE]],
  ["with two files", () => [...fields(), FILE, { ...FILE, filename: "second.bin" }]],
  ["with two timestamps", () => [...fields(), ...longAgo().slice(0, 1), FILE]],
  ["with a timestamp from long ago, after the file", () => [FILE, ...longAgo()]],
  ["with 10,000 parts", () => [...many, ...fields(), FILE]],
  ["with 10,000 parts after the file", () => [...fields(), FILE, ...many]],
  ["with a header of 1 MB in a part", () => [...fields(), { ...FILE, headers: [`X-Long: ${MIB}`] }]],
  ["with 10,000 headers in a part, 1 MB in all", () => [...fields(), { ...FILE, headers }]],
  ["with a timestamp of 1 MB", () => [{ name: "timestamp", value: MIB }, ...fields().slice(1), FILE]],
  [
    "with a form inside of a field",
    () => [{ name: "form", value: inner.body, headers: [inner.contentType] }],
  ],
  [
    "with a form inside of a field, whole besides",
    () => [{ name: "x", value: inner.body }, ...longAgo(), FILE],
  ],
];

row("A5", "a form that is no upload is refused with the reason, and leaves nothing", {}, async (run) => {
  await using service = await startLoneService();
  const before = await stateOf(service);
  const count = await inEachCase(forms, async (parts) => {
    const { error } = await expectRefusal(await service.postForm(parts()), 400, "VALIDATION_FAILED");
    expect(error).toMatch(/^(body|file|filename|timestamp|signature): /);
    expect(error.length).toBeLessThan(500);
    await expectState(service, before);
  });
  run.did("forms refused", count);
});

const types: Cases<readonly [type: string, status: number]> = [
  ["without a boundary", ["multipart/form-data", 400]],
  ["with an empty boundary", ["multipart/form-data; boundary=", 400]],
  ["with another boundary than it says", ["multipart/form-data; boundary=other", 400]],
  ["with a boundary of 10 KB", [`multipart/form-data; boundary=${"x".repeat(10_000)}`, 400]],
  ["that is not of its type", ["application/json", 415]],
  ["that can hold no file", ["application/x-www-form-urlencoded", 415]],
  ["that is mixed", ["multipart/mixed; boundary=outer", 415]],
];

row("A5", "a form of another type than it must be is refused, and leaves nothing", {}, async (run) => {
  await using service = await startLoneService();
  const before = await stateOf(service);
  const count = await inEachCase(types, async ([type, status]) => {
    const init = { headers: { "Content-Type": type }, body: signedForm("form.bin", "x") };
    const code = status === 400 ? "VALIDATION_FAILED" : "UNSUPPORTED_MEDIA_TYPE";
    await expectRefusal(await service.request("POST", "/api/assets", init), status, code);
    await expectState(service, before);
  });
  run.did("types refused", count);
});

const disposition = (what: string) => `--${BOUNDARY}\r\nContent-Disposition: form-data; ${what}`;
const endless: Cases<string> = [
  ["before its first part", ""],
  ["in a field", `${disposition('name="signature"')}\r\n\r\n`],
  ["in a field that nobody asked for", `${disposition('name="comment"')}\r\n\r\n`],
  ["in a part that nobody asked for", `--${BOUNDARY}\r\nContent-Disposition: attachment\r\n\r\n`],
  ["in a part's headers", `${disposition('name="file"; filename="x"')}\r\nX-Long: `],
  ["in a file's name", disposition('name="file"; filename="')],
  ["after its end", `${signedForm("form.bin", "x")}`],
];

row(
  "A5",
  "a form of 100 MB beside its file is refused on its way, and takes no memory",
  { timeoutMs: 60_000 },
  async (run) => {
    await using service = await startLoneService();
    const figures = new ProcessFigures(service.pid);
    const count = await inEachCase(endless, async (begin) => {
      figures.forgetPeak();
      const before = figures.peakMb;
      using connection = await openRaw(service.url);
      await connection.send(uploadHead(100 * MIB.length) + begin);
      const answered = connection.response({ withinMs: ANSWERED_WITHIN_MS });
      for (let sent = 0; sent < 100 && connection.isOpen; sent++) await connection.send(MIB);
      const { status, body } = await answered;
      expect({ status, body: body.toString() }).toMatchObject({ status: 400 });
      expect(figures.peakMb - before).toBeLessThan(MOST_MORE_MB);
    });
    expect(await service.listAssets()).toEqual([]);
    run.did("MB sent", count * 100);
  },
);

row(
  "A5",
  "a part that nobody asked for is passed over, or refused at once where it is large",
  {},
  async (run) => {
    await using service = await startLoneService();
    const sizes = [10, 60_000, 70_000, 130_000, 300_000, 2_000_000];
    for (const [bytes, isFirst] of sizes.flatMap((each) => [[each, true] as const, [each, false] as const])) {
      const unasked: Part = { name: "unasked", value: Buffer.alloc(bytes) };
      const { body } = multipart(isFirst ? [...fields(), unasked, FILE] : [...fields(), FILE, unasked]);
      const form = Buffer.from(
        body.toString("latin1").replace('form-data; name="unasked"', "attachment"),
        "latin1",
      );
      using connection = await openRaw(service.url);
      await connection.send(Buffer.concat([Buffer.from(uploadHead(form.length)), form]));
      const { status } = await connection.response({ withinMs: ANSWERED_WITHIN_MS });
      expect({ bytes, isFirst, status }).toEqual({ bytes, isFirst, status: bytes < 64 * 1024 ? 200 : 400 });
    }
    run.did("such parts", 2 * sizes.length);
  },
);

row("A5", "fields may come after the file, and fields that nobody asked for are left", {}, async () => {
  await using service = await startLoneService();
  const file: Part = { name: "file", value: "x", filename: "any-order.bin" };
  const response = await service.postForm([{ name: "comment", value: "none" }, file, ...fields()]);
  expect(response.status).toBe(200);
  expect((await service.fetchAsset("any-order.bin")).bytes.toString()).toBe("x");
});

const FORM_PIECES: readonly [string, ...string[]] = [
  ...[
    "\r\n",
    "\r\n\r\n",
    `\r\n--${BOUNDARY}\r\n`,
    `\r\n--${BOUNDARY}--`,
    `--${BOUNDARY}`,
    "--",
    "\0",
    "\xff",
    "\r",
  ],
  ...[
    "\n",
    ";",
    '"',
    "\\",
    "; filename*=utf-8''%2e%2e%2fx",
    "; filename*=utf-16le''x",
    "; filename=",
    "; name=file",
  ],
  ...["Content-Type: text/plain; charset=utf-16le\r\n", "Content-Type: a; charset=nope\r\n"],
  ...[
    "Content-Disposition: form-data\r\n",
    "Content-Disposition: attachment\r\n",
    "A".repeat(5_000),
    "x".repeat(120_000),
  ],
  ...[`X: ${"y".repeat(17_000)}\r\n`, ":", " ", "\t", "__proto__", "timestamp", "signature"],
] as [string, ...string[]];

row(
  "A5",
  "whatever the form, it is answered, keeps no place and leaves nothing",
  { rounds: { test: 100, full: 5_000 }, timeoutMs: 60_000 },
  async (run) => {
    await using service = await startLoneService({
      MAX_UPLOADS: `${MAX_UPLOADS}`,
      MAX_ASSET_BYTES: "100000",
    });
    const drawn = Array.from({ length: run.rounds }, () => drawnForm(run.random));
    await atOnce(MAX_UPLOADS / 2, drawn, async ({ body, pieces }) => {
      using connection = await openRaw(service.url);
      await connection.send(uploadHead(body.length));
      for (const piece of pieces) await connection.send(piece);
      const status = await connection.response({ withinMs: ANSWERED_WITHIN_MS }).then(
        (answer) => answer.status,
        (error) => (connection.isOpen ? String(error) : 413), // Lost, where it was too large: see A4.
      );
      expect({
        status,
        body: body.toString("latin1"),
        isRight: [200, 400, 413].includes(Number(status)),
      }).toMatchObject({ isRight: true });
    });
    const names = Array.from({ length: MAX_UPLOADS }, (_, at) => `whole${at}.bin`);
    await atOnce(MAX_UPLOADS, names, (name) => service.uploadAsset(name, name));
    await until(
      "nothing is left of the refused",
      async () => (await filesUnder(`${service.dataDir}/tmp`)).length === 0,
    );
    run.did("forms drawn", run.rounds);
  },
);

type State = { readonly files: readonly string[]; readonly assets: readonly string[] };

async function stateOf(service: LoneService): Promise<State> {
  return { files: await filesUnder(service.dataDir), assets: await service.listAssets() };
}

async function expectState(service: LoneService, expected: State): Promise<void> {
  await until("nothing is left of it", async () => Bun.deepEquals(await stateOf(service), expected));
}

/** An upload with faults in it, its parts in any order, and how it comes. */
function drawnForm(random: Random): { body: Buffer; pieces: readonly Buffer[] } {
  const file: Part = { name: "file", value: random.bytes(random.int(0, 3_000)), filename: "f.bin" };
  const [first = file, second = file] = fields();
  const orders: [Part[], ...Part[][]] = [
    [first, second, file],
    [second, file, first],
    [file, first, second],
  ];
  const form = multipart(random.pick(orders)).body.toString("latin1");
  const body = Buffer.from(random.int(0, 8) === 0 ? form : mutated(form, FORM_PIECES, random), "latin1");
  const pieces: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const length = random.pick([body.length, random.int(1, 2_000)]);
    pieces.push(body.subarray(at, at + length));
    at += length;
  }
  return { body, pieces };
}
