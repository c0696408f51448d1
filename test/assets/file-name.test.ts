import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import * as v from "valibot";
import { FileName, parseFileName } from "../../src/assets/file-name.ts";
import { Fault } from "../../src/fault.ts";

const accepted = [
  "firmware.bin",
  "a",
  ".hidden",
  "a.",
  "two words.bin",
  "#+$SYS",
  "%2e%2e%2f",
  "-rf",
  "прошивка.bin",
  "固件.bin",
  "é.bin",
  "🚀",
  "\u200d",
  "x".repeat(255),
  "é".repeat(127),
];

const refused: readonly [text: string, reason: string][] = [
  ["", "must not be empty"],
  [".", 'must not be "." alone'],
  ["..", 'must not contain ".."'],
  ["a..b", 'must not contain ".."'],
  ["../x", 'must not contain "/"'],
  ["..\\x", "must not contain a backslash"],
  ["/x", 'must not contain "/"'],
  ["x/y", 'must not contain "/"'],
  ["C:\\x", "must not contain a backslash"],
  ["x\0y", "must not contain control characters"],
  ["x\r\nSet-Cookie: y", "must not contain control characters"],
  ["x\u001b[2J", "must not contain control characters"],
  ["x\u007f", "must not contain control characters"],
  ["x\u0080", "must not contain control characters"],
  ["x\u009f", "must not contain control characters"],
  ["\ud800", "must not contain a lone surrogate"],
  ["x\udc00y", "must not contain a lone surrogate"],
  ["x\ufffd", "must not contain U+FFFD"],
  ["x".repeat(256), "must not be longer than 255 bytes"],
  ["é".repeat(128), "must not be longer than 255 bytes"],
  ["🚀".repeat(64), "must not be longer than 255 bytes"],
  ...[..."\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"].map(
    (mark): [string, string] => [`x${mark}nib.exe`, "must not contain characters that change the direction"],
  ),
];

describe("a file name", () => {
  test.each(accepted)("is %j, exactly as it came", (text) => {
    expect<string>(parseFileName(text)).toBe(text);
  });

  test.each(refused)("is not %j: it %s", (text, reason) => {
    expect(() => parseFileName(text)).toThrow(Fault);
    expect(() => parseFileName(text)).toThrow(`filename: ${reason}`);
  });

  test("is refused as VALIDATION_FAILED, with the name shown escaped and cut", () => {
    const text = `\r\n${"x".repeat(1_000_000)}`;
    expect(() => parseFileName(text)).toThrow(expect.objectContaining({ code: "VALIDATION_FAILED" }));
    expect(() => parseFileName(text)).toThrow(/given "\\r\\nx{98}…"$/);
  });

  test("leads nowhere and shows as it is, whatever was accepted", () => {
    const unit = fc.constantFrom(..."ab./\\\0\n\u007f\u0085\u202e\u2069\ufffd\ud800é🚀");
    const law = fc.property(fc.string({ unit }), (text) => {
      fc.pre(v.is(FileName, text));
      expect(text).not.toMatch(/^\.?$|\.\.|[/\\\0\n\u007f\u0085\u202e\u2069\ufffd\ud800]/u);
    });
    fc.assert(law);
  });
});
