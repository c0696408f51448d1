import { expect } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../../simulate/random.ts";
import { type Cases, inEachCase } from "../support/cases.ts";
import { filesUnder } from "../support/files.ts";
import { sendRaw } from "../support/raw-http.ts";
import { expectRefusal } from "../support/refusal.ts";
import { row } from "../support/row.ts";
import { type LoneService, startLoneService } from "../support/service-process.ts";
import { tracedInto } from "../support/strace.ts";

const refused: Cases<string | Uint8Array> = [
  ["nothing", ""],
  ["a dot", "."],
  ["two dots", ".."],
  ["a path upwards", "../x"],
  ["a path upwards, in Windows' way", "..\\x"],
  ["an absolute path", "/x"],
  ["a path", "x/y"],
  ["a drive's path", "C:\\x"],
  ["with NUL", "x\0y"],
  ["with a control character", "x\u0001y"],
  ["with DEL", "x\u007fy"],
  ["with a C1 control character", "x\u0085y"],
  ["with a right-to-left override", "x\u202enib.exe"],
  ["with a right-to-left isolate", "x\u2067y"],
  ["with a lone surrogate's bytes", Buffer.from([0x78, 0xed, 0xa0, 0x80])],
  ["with an overlong slash", Buffer.from([0x78, 0xc0, 0xaf])],
  ["with bytes that are not UTF-8", Buffer.from([0x78, 0xff])],
  ["with 256 bytes", "x".repeat(256)],
  ["with 256 bytes in 128 letters", "é".repeat(128)],
];

row("A1", "a file whose name could be a path, or shows as another, is refused for it", {}, async (run) => {
  await using service = await startLoneService();
  const before = await filesUnder(service.folder);
  const count = await inEachCase(refused, async (name) => {
    const response = await service.tryToUpload({ name, bytes: "x" });
    const { error } = await expectRefusal(response, 400, "VALIDATION_FAILED");
    expect(error).toStartWith("filename: ");
    expect(await filesUnder(service.folder)).toEqual(before);
  });
  run.did("names refused", count);
  expect(await service.listAssets()).toEqual([]);
});

/** What makes names dangerous, and what may look so. */
const PIECES = [
  ...["..", ".", "/", "\\", "%2e", "%2F", "%00", "\u0000", "\u0001", "\u007f", "\u0085", "\u202e", "\u2066"],
  ...["\ufffd", "é", "e\u0301", "😀", " ", "a", "bin", ":", "*", "|", "'", "~", "$(x)", "x".repeat(200)],
] as const;

row(
  "A1",
  "a name is taken as it was sent, or refused; never another",
  { rounds: { test: 40, full: 2_000 } },
  async (run) => {
    await using service = await startLoneService();
    for (let round = 0; round < run.rounds; round++) {
      const name = nameOf(run.random);
      const response = await service.tryToUpload({ name, bytes: "x" });
      await response.text();
      expect({ name, status: response.status }).toEqual({ name, status: isHarmless(name) ? 200 : 400 });
      const expected = isHarmless(name) ? [name] : [];
      expect(await service.listAssets()).toEqual(expected);
      for (const each of expected) await service.request("DELETE", `/api/assets/${encodeURIComponent(each)}`);
    }
    run.did("names drawn", run.rounds);
    await expectNothingBeside(service);
  },
);

const paths: Cases<readonly number[]> = [
  ["/api/assets/%2e%2e%2f%2e%2e%2fetc%2fpasswd", [400]],
  ["/api/assets/..%2fiotsupport.db", [400]],
  ["/api/assets/..%5ciotsupport.db", [400]],
  ["/api/assets/..%2f..%2fcanary", [400]],
  ["/api/assets/x%5cy", [400]],
  ["/api/assets/%2e%2e", [400, 404]],
  ["/api/assets/../../etc/passwd", [404]],
  ["/api/assets/..\\..\\etc\\passwd", [404]],
  ["/api/assets/x/../../../etc/passwd", [404]],
  ["/api/assets/iotsupport.db/x", [404]],
  ["/api/assets/%c0%ae%c0%ae%c0%afcanary", [400, 404]],
  ["/api/assets/%00", [400, 404]],
  ["/api/assets/%ff", [400, 404]],
  ["/api/assets/%", [400, 404]],
  ["/api/configs/..%2f..%2fetc%2fpasswd", [400]],
  ["/api/configs/..%2fiotsupport.db.json", [400]],
  ["//etc/passwd", [404]],
  ["/api/docs/%2e%2e%2f%2e%2e%2fpackage.json", [400, 404]],
  ["/api/docs/..%5c..%5cpackage.json", [400, 404]],
];

row("A1", "no path that is asked for leads out of the data, nor to its files", {}, async (run) => {
  await using service = await startBesideCanary();
  const count = await inEachCase(
    paths.map(([path, statuses]) => [path, { path, statuses }] as const),
    async ({ path, statuses }) => expect(statuses).toContain(await statusOfGet(service, path)),
  );
  run.did("paths asked for", count);
});

const SEGMENTS = [
  "..",
  ".",
  "%2e%2e",
  "%252e%252e",
  "..%2f",
  "..\\",
  "%5c",
  "%00",
  "%c0%ae",
  "etc",
  "passwd",
  "canary",
];
const STARTS = ["/", "//", "/api/", "/api/assets/", "/api/configs/", "/api/docs/", "/metrics/"] as const;
const FILES = [
  "data",
  "iotsupport.db",
  "reserve",
  "blobs",
  "tmp",
  "package.json",
  "src",
  "fw.bin",
  "",
  "?",
  "#",
];
const ALL_SEGMENTS = [...SEGMENTS, ...FILES] as [string, ...string[]];

row("A1", "nor does any that is drawn", { rounds: { test: 200, full: 20_000 } }, async (run) => {
  await using service = await startBesideCanary();
  for (let round = 0; round < run.rounds; round++) {
    const { random } = run;
    const segments = Array.from({ length: random.int(1, 7) }, () => random.pick(ALL_SEGMENTS));
    const path = random.pick(STARTS) + segments.join(random.pick(["/", "/", "\\", "%2f"]));
    const status = await statusOfGet(service, path);
    // 302 is the way from the service's own address to its documents.
    expect({ path, isAnswered: [200, 302, 400, 404, 405].includes(status) }).toEqual({
      path,
      isAnswered: true,
    });
  }
  run.did("paths drawn", run.rounds);
});

row("A1", "what it opens while it is asked for them is its own", { needs: ["strace"] }, async (run) => {
  await using first = await startLoneService();
  const calls = join(first.folder, "calls.txt");
  await using service = await startLoneService({}, tracedInto(calls, { calls: "openat,open" }));
  await service.uploadAsset("fw.bin", "x"); // By then it has loaded all of itself.
  await service.listAssets();
  const begun = (await Bun.file(calls).text()).length;
  for (const [path] of paths) await statusOfGet(service, path);
  for (const [, name] of refused) await service.tryToUpload({ name, bytes: "x" });
  await service.uploadAsset("fw.bin", "y");
  const log = (await Bun.file(calls).text()).slice(begun);
  const opened = [...log.matchAll(/open(?:at)?\(.*?"([^"]*)"/g)].map(([, path = ""]) => path);
  expect(opened.filter((path) => path.startsWith(service.dataDir))).not.toEqual([]);
  expect(opened.filter((path) => !path.startsWith(service.dataDir) && !RUNTIMES_OWN.test(path))).toEqual([]);
  run.did("paths and names under strace", paths.length + refused.length);
});

row("A1", "a name that only looks like an escape is kept as it was sent, and found by it", {}, async () => {
  await using service = await startLoneService();
  await service.uploadAsset("%2e%2e%2fx", "percent");
  expect((await service.fetchAsset("%2e%2e%2fx")).bytes.toString()).toBe("percent");
  expect(await service.listAssets()).toEqual(["%2e%2e%2fx"]);
});

/** What no request can turn elsewhere: what Bun asks of the system, and what the docs page is made of. */
const RUNTIMES_OWN = /^\/(proc|sys|dev)\/|\/node_modules\//;

/** One beside whose data lies a file that is nobody's business, with an asset and a config. */
async function startBesideCanary(): Promise<LoneService> {
  const service = await startLoneService();
  await writeFile(join(service.folder, "canary"), "root: a canary");
  await service.uploadAsset("fw.bin", "firmware");
  return service;
}

async function statusOfGet(service: LoneService, path: string): Promise<number> {
  const { status, body } = await sendRaw(service.url, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  expect(body.toString("latin1")).not.toMatch(/root:|SQLite format|"dependencies"/);
  return status;
}

/** A backslash is not its last: that would be an escape of the quote after it (RFC 2183, section 2). */
function nameOf(random: Random): string {
  const name = Array.from({ length: random.int(0, 5) }, () => random.pick(PIECES)).join("");
  return name.endsWith("\\") ? `${name}x` : name;
}

/** The rule, told in another way than in the code that it judges. */
function isHarmless(name: string): boolean {
  if (name === "" || name === "." || name.includes("..") || Buffer.byteLength(name) > 255) return false;
  return ![...name].some((letter) => {
    const code = letter.codePointAt(0) ?? 0;
    const isControl = code < 0x20 || (code >= 0x7f && code < 0xa0);
    const turnsText = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    return isControl || turnsText || letter === "/" || letter === "\\" || code === 0xfffd;
  });
}

async function expectNothingBeside(service: LoneService): Promise<void> {
  const files = await filesUnder(service.folder);
  expect(files.filter((file) => !file.startsWith(`${service.dataDir}/`))).toEqual([]);
}
