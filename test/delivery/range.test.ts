import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { parseRange, type Range } from "../../src/delivery/range.ts";

const whole: Range = { kind: "whole" };
const unsatisfiable: Range = { kind: "unsatisfiable" };
const part = (start: number, end: number): Range => ({ kind: "part", start, end });

const ofThousand: readonly [header: string | null, range: Range][] = [
  [null, whole],
  ["bytes=0-", part(0, 999)],
  ["bytes=0-0", part(0, 0)],
  ["bytes=0-499", part(0, 499)],
  ["bytes=500-", part(500, 999)],
  ["bytes=999-999", part(999, 999)],
  ["bytes=999-", part(999, 999)],
  ["bytes=0-999", part(0, 999)],
  ["bytes=0-1000", part(0, 999)],
  ["bytes=10-99999999999999999999999", part(10, 999)],
  [`bytes=10-${"9".repeat(900)}`, part(10, 999)],
  ["bytes=007-009", part(7, 9)],
  ["bytes=-1", part(999, 999)],
  ["bytes=-500", part(500, 999)],
  ["bytes=-1000", part(0, 999)],
  ["bytes=-99999999999999999999999", part(0, 999)],
  ["BYTES=0-9", part(0, 9)],
  ["bytes=1000-", unsatisfiable],
  ["bytes=1000-1000", unsatisfiable],
  ["bytes=99999999999999999999999-", unsatisfiable],
  [`bytes=${"9".repeat(900)}-`, unsatisfiable],
  ["bytes=-0", unsatisfiable],
  ["bytes=-000", unsatisfiable],
  ["bytes=9-5", whole],
  ["bytes=2000-1500", whole],
  ["bytes=-", whole],
  ["bytes=", whole],
  ["bytes", whole],
  ["", whole],
  ["0-9", whole],
  ["bytes=5", whole],
  ["bytes=a-b", whole],
  ["bytes=0-9x", whole],
  ["bytes=-5-", whole],
  ["bytes=--5", whole],
  ["bytes=+1-5", whole],
  ["bytes=0x0-0x9", whole],
  ["bytes=1.5-3", whole],
  ["bytes=1e2-", whole],
  ["bytes=٠-٩", whole],
  ["bytes = 0-9", whole],
  ["bytes=0 - 9", whole],
  ["bytes=0-9\n", whole],
  ["items=0-9", whole],
  ["bytes=0-0,5-9", whole],
  ["bytes=0-0, -1", whole],
  ["bytes=0-9,", whole],
  [`bytes=${"0-999,".repeat(1000)}0-`, whole],
  [`bytes=0-${" ".repeat(100_000)}`, whole],
  [`bytes=${"0".repeat(1000)}-`, whole],
];

describe("a range", () => {
  test.each(ofThousand)("of 1,000 bytes, %j, asks for %j", (header, range) => {
    expect(parseRange(header, 1000)).toEqual(range);
  });

  const ofNothing: readonly [header: string | null, range: Range][] = [
    [null, whole],
    ["bytes=0-", unsatisfiable],
    ["bytes=0-0", unsatisfiable],
    ["bytes=-0", unsatisfiable],
    ["bytes=-1", whole],
  ];
  test.each(ofNothing)("of an empty file, %j, asks for %j", (header, range) => {
    expect(parseRange(header, 0)).toEqual(range);
  });

  test("lies within the file, and is as long as what was asked for and is there", () => {
    const position = fc.nat(2000);
    const law = fc.property(position, position, position, (first, last, size) => {
      const range = parseRange(`bytes=${first}-${last}`, size);
      const asked = Array.from({ length: size }, (_, at) => at).slice(first, last + 1);
      const expected = asked.length === 0 ? unsatisfiable : part(asked.at(0) ?? -1, asked.at(-1) ?? -1);
      expect(range).toEqual(last < first ? whole : expected);
    });
    fc.assert(law);
  });

  test("of the last bytes is what a slice from the end gives", () => {
    const law = fc.property(
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 1, max: 100 }),
      (length, size) => {
        const asked = Array.from({ length: size }, (_, at) => at).slice(-length);
        expect(parseRange(`bytes=-${length}`, size)).toEqual(part(asked.at(0) ?? -1, asked.at(-1) ?? -1));
      },
    );
    fc.assert(law);
  });

  test("is read from any header without an error", () => {
    const unit = fc.constantFrom(..."bytes=-0123456789, ");
    const law = fc.property(fc.string({ unit }), fc.nat(20), (text, size) => {
      const range = parseRange(`bytes=${text}`, size);
      if (range.kind !== "part") return;
      expect(range.start).toBeWithin(0, size);
      expect(range.end).toBeWithin(range.start, size);
    });
    fc.assert(law);
  });
});
