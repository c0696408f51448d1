import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { applyPatch, type Operation } from "fast-json-patch";
import { jsonPatch, textDiff } from "../../src/revisions/diff.ts";

describe("a JSON Patch", () => {
  const cases: readonly [from: string, to: string, patch: string][] = [
    [`{"a":1}`, `{ "a" : 1 }`, "[]"],
    [`{"10":1,"2":2}`, `{"2":2,"10":1}`, "[]"],
    [`{"a":1}`, `{"a":2}`, `[{"op":"replace","path":"/a","value":2}]`],
    [`{}`, `{"a/b":{"c~d":[1.0]}}`, `[{"op":"add","path":"/a~1b","value":{"c~d":[1.0]}}]`],
    [`{"a":[1,2]}`, `{"a":[1]}`, `[{"op":"remove","path":"/a/1"}]`],
    [
      `{"id":12345678901234567890}`,
      `{"id":12345678901234567891}`,
      `[{"op":"replace","path":"/id","value":12345678901234567891}]`,
    ],
    [`{"a":"\\u0000n1"}`, `{"a":"\\u0000s"}`, `[{"op":"replace","path":"/a","value":"\\u0000s"}]`],
    [`{"a":"1"}`, `{"a":1}`, `[{"op":"replace","path":"/a","value":1}]`],
  ];
  test.each(cases)("from %s to %s", (from, to, patch) => {
    expect(jsonPatch(from, to)).toBe(patch);
  });

  test("of more than is compared replaces the whole", () => {
    const [from, to] = twoOf(126_000);
    expect(jsonPatch(from, to)).toBe(`[{"op":"replace","path":"","value":${to}}]`);
  });

  test("is no longer than what it tells of by much, however long the names are", () => {
    const [from, to] = twoOf(1_000).map((list) => `{"${"x".repeat(100_000)}":${list}}`);
    expect(jsonPatch(from ?? "", to ?? "")).toBe(`[{"op":"replace","path":"","value":${to}}]`);
  });

  test("makes the one of the other, whatever they are", () => {
    const content = fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false }), { maxKeys: 5 });
    const law = fc.property(content, content, (from, to) => {
      const patch: Operation[] = JSON.parse(jsonPatch(JSON.stringify(from), JSON.stringify(to)));
      const { newDocument } = applyPatch(from, patch, true, false, false);
      expect(JSON.parse(JSON.stringify(newDocument))).toEqual(JSON.parse(JSON.stringify(to)));
    });
    fc.assert(law);
  });
});

describe("a diff as text", () => {
  test("shows what changed, a member a line, numbers as they were written", () => {
    const from = { name: "porch@1", content: `{"a":1.0,"b":{"c":true}}` };
    const to = { name: "porch@2", content: `{"a":1.00,"b":{"c":true}}` };
    expect(textDiff(from, to).split("\n")).toEqual([
      "===================================================================",
      "--- porch@1",
      "+++ porch@2",
      "@@ -1,5 +1,5 @@",
      " {",
      '-  "a": 1.0,',
      '+  "a": 1.00,',
      '   "b": {',
      '     "c": true',
      "   }",
      "",
    ]);
  });

  test.each([
    ["that differ in too many lines", 5_000],
    ["of too many lines", 126_000],
  ])("of two %s says so instead", (_, values) => {
    const [from, to] = twoOf(values);
    expect(textDiff({ name: "a", content: from }, { name: "b", content: to })).toBe(
      "--- a\n+++ b\n(too much to be compared line by line)\n",
    );
  });
});

/** Two contents of so many values, which differ in all of them. */
function twoOf(values: number): readonly [string, string] {
  const list = (first: number) => `{"list":[${Array.from({ length: values }, () => first).join()}]}`;
  return [list(1), list(2)];
}
