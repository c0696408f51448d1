import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { ifNoneMatchHolds, ifRangeHolds, readEntityTags } from "../../src/http/conditional.ts";

const etag = '"abc"';

/** Lists in which the tag stands, as a strong one. */
const withStrong = [
  '"abc"',
  '"abc","x"',
  '"x", "abc"',
  ' "x"\t,\t"abc" ',
  'W/"x",,"abc",',
  ',"abc"',
  '"","abc"',
  '"a,b","abc"',
  '"\\","abc"',
  '"é\u00ff","abc"',
  'W/"abc", "abc"',
];

/** Lists in which it stands as a weak one only. */
const withWeak = ['W/"abc"', '"x", W/"abc"', ',,W/"abc",'];

const without = [
  '"x"',
  '"ABC"',
  '"abc "',
  '"abc""',
  '""',
  "",
  ",",
  " ",
  '"x,\\"abc\\""',
  '"xabc"',
  '"x","y"',
];

const malformed = [
  '"abc "',
  '"abc""',
  "abc",
  '"abc',
  'abc"',
  "'abc'",
  '"abc" "x"',
  '"abc""x"',
  '"abc";"x"',
  '"x" x,"abc"',
  '"abc",x',
  '"abc", "x',
  'w/"abc"',
  'W/ "abc"',
  'W"abc"',
  "W/abc",
  '*,"abc"',
  '"abc",*',
  "**",
  '"x y","abc"',
  '"x\u007f","abc"',
  '"x\n","abc"',
  '"abc"\n',
  "Sat, 31 Jan 2026 12:00:00 GMT",
];

describe("If-None-Match", () => {
  test.each([...withStrong, ...withWeak])("%j does not hold for a tag that it names", (header) => {
    expect(ifNoneMatchHolds(header, etag)).toBe(false);
    expect(ifNoneMatchHolds(header, `W/${etag}`)).toBe(false);
  });

  test.each([...without, ...malformed])("%j holds, as it does not name the tag", (header) => {
    expect(ifNoneMatchHolds(header, etag)).toBe(true);
  });
});

describe("If-Range", () => {
  test("holds for the current strong tag", () => {
    expect(ifRangeHolds('"abc"', etag)).toBe(true);
  });

  const others = ['"x"', 'W/"abc"', "*", "", '"abc","abc"', "abc", "Sat, 31 Jan 2026 12:00:00 GMT"];
  test.each(others)("does not hold for %j", (header) => {
    expect(ifRangeHolds(header, etag)).toBe(false);
  });

  test("never holds for a weak tag of ours", () => {
    expect(ifRangeHolds('W/"abc"', 'W/"abc"')).toBe(false);
  });
});

describe("a list", () => {
  const lists: readonly [header: string, tags: readonly string[] | "*"][] = [
    ["*", "*"],
    ["", []],
    ['"a", W/"b",,"c,d"', ['"a"', 'W/"b"', '"c,d"']],
    ['"a" "b"', []],
  ];
  test.each(lists)("is read as it stands: %j", (header, tags) => {
    expect(readEntityTags(header)).toEqual(tags);
  });

  test("names exactly the tags that were put into it", () => {
    const unit = fc.constantFrom(..."abW/,\\'*;é");
    const tags = fc.array(fc.string({ unit, maxLength: 3 }), { maxLength: 5 });
    const separator = fc.constantFrom(",", ", ", " ,\t", ",,", ", ,");
    const law = fc.property(
      tags,
      fc.string({ unit, maxLength: 3 }),
      separator,
      (listed, current, between) => {
        const strong = listed.map((tag) => `"${tag}"`).join(between);
        const weak = listed.map((tag) => `W/"${tag}"`).join(between);
        const isNamed = listed.includes(current);
        expect(ifNoneMatchHolds(strong, `"${current}"`)).toBe(!isNamed);
        expect(ifNoneMatchHolds(weak, `"${current}"`)).toBe(!isNamed);
      },
    );
    fc.assert(law);
  });

  const huge: readonly [what: string, header: string][] = [
    ["commas", ",".repeat(100_000)],
    ["spaces", " ".repeat(100_000)],
    ["spaces before nonsense", `${" ".repeat(100_000)}x`],
    ["one tag", `"${"a".repeat(100_000)}"`],
    ["one tag without an end", `"${"a".repeat(100_000)}`],
    ["quotes", '"'.repeat(100_001)],
    ["empty tags", '"",'.repeat(33_000)],
    ["tags", '"abcdefgh",'.repeat(9_000)],
    ["weak marks", "W/".repeat(50_000)],
  ];
  test.each(huge)("of 100 KB is answered without delay: %s", (_, header) => {
    const begun = performance.now();
    expect(ifNoneMatchHolds(header, etag)).toBe(true);
    expect(ifRangeHolds(header, etag)).toBe(false);
    expect(performance.now() - begun).toBeLessThan(500);
  });
});
