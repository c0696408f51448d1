import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { tempDir } from "../temp-dir.ts";
import { callsIn } from "./calls.ts";
import { Disk } from "./disk.ts";

const OPEN = `1 openat(AT_FDCWD, "/d/a", O_WRONLY|O_CREAT|O_EXCL, 0600) = 5</d/a>`;
const WRITE = `1 write(5</d/a>, "one\\n\\0\\377", 6) = 6`;
const FLUSH = "1 fsync(5</d/a>) = 0";
const FLUSH_NAMES = "1 fsync(6</d>) = 0";
const RENAME = `1 rename("/d/a", "/d/b") = 0`;
const ONE = "one\n\0\xff";

type Case = readonly [name: string, trace: readonly string[], strict: Left, lenient: Left];
type Left = Readonly<Record<string, string>>;

const cases: readonly Case[] = [
  ["bytes and name flushed", [OPEN, WRITE, FLUSH, FLUSH_NAMES], { a: ONE }, { a: ONE }],
  ["the name alone", [OPEN, WRITE, FLUSH_NAMES], { a: "" }, { a: ONE }],
  ["the bytes alone", [OPEN, WRITE, FLUSH], {}, { a: ONE }],
  ["bytes written after the flush", [OPEN, FLUSH, FLUSH_NAMES, WRITE], { a: "" }, { a: ONE }],
  [
    "bytes written while a flush was under way",
    [OPEN, FLUSH_NAMES, "2 fsync(5</d/a> <unfinished ...>", WRITE, "2 <... fsync resumed>) = 0"],
    { a: "" },
    { a: ONE },
  ],
  [
    "a flush that failed",
    [OPEN, WRITE, FLUSH_NAMES, "1 fsync(5</d/a>) = -1 EIO (Input/output error) (INJECTED)"],
    { a: "" },
    { a: ONE },
  ],
  ["renamed, not flushed", [OPEN, WRITE, FLUSH, FLUSH_NAMES, RENAME], { a: ONE }, { b: ONE }],
  ["renamed and flushed", [OPEN, WRITE, FLUSH, RENAME, FLUSH_NAMES], { b: ONE }, { b: ONE }],
  ["removed, not flushed", [OPEN, FLUSH_NAMES, `1 unlink("/d/a") = 0`], { a: "" }, {}],
  [
    "written over in place, twice, the first flushed",
    [
      OPEN,
      FLUSH_NAMES,
      `1 pwrite64(5</d/a>, "abc", 3, 2) = 3`,
      FLUSH,
      `1 pwrite64(5</d/a>, "XY", 2, 0) = 2`,
      "1 ftruncate(5</d/a>, 4) = 0",
    ],
    { a: "\0\0abc" },
    { a: "XYab" },
  ],
];

test.each(cases)("after a power cut: %s", async (_, trace, strict, lenient) => {
  for (const [survives, left] of [
    [false, strict],
    [true, lenient],
  ] as const) {
    await using dir = await tempDir();
    const disk = new Disk("/d");
    for (const call of callsIn(trace.join("\n"), () => false)) disk.apply(call);
    disk.layOut(dir.path, () => survives);
    const found = readdirSync(dir.path).map((name) => [name, readFileSync(join(dir.path, name), "latin1")]);
    expect(Object.fromEntries(found)).toEqual(left);
  }
});

test("a folder is there when its name was flushed, and what is in it when that was", async () => {
  const trace = (flushed: string) =>
    `1 mkdir("/d/f", 0700) = 0\n1 openat(AT_FDCWD, "/d/f/a", O_RDWR|O_CREAT, 0600) = 5</d/f/a>\n1 fsync(6<${flushed}>) = 0`;
  for (const [flushed, left] of [
    ["/d", ["f"]],
    ["/d/f", []],
  ] as const) {
    await using dir = await tempDir();
    const disk = new Disk("/d");
    for (const call of callsIn(trace(flushed), () => false)) disk.apply(call);
    disk.layOut(dir.path, () => false);
    expect(readdirSync(dir.path, { recursive: true })).toEqual([...left]);
  }
});

test("what is sent is told in its order, and a call that is not known is refused", () => {
  const sent = callsIn(
    `${OPEN}\n1 sendto(7<socket:[1]>, "HTTP/1.1 200 OK\\r\\n", 17, 0, NULL, 0) = 17`,
    () => false,
  );
  expect(sent.map(({ name }) => name)).toEqual(["open", "send"]);
  expect(sent[1]).toMatchObject({ bytes: Buffer.from("HTTP/1.1 200 OK\r\n") });
  expect(() => callsIn(`1 link("/d/a", "/d/b") = 0`, () => false)).toThrow(/link.*not modelled/);
});
