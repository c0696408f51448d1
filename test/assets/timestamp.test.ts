import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { checkTolerance, parseTimestamp } from "../../src/assets/timestamp.ts";
import { Fault } from "../../src/fault.ts";

/** Each names the same moment as the other. */
const read: readonly [text: string, moment: string][] = [
  ["2026-01-31T12:34:56", "2026-01-31T12:34:56.000Z"],
  ["2026-01-31T12:34", "2026-01-31T12:34:00.000Z"],
  ["2026-01-31 12:34:56+00:00", "2026-01-31T12:34:56.000Z"],
  ["2026-01-31T12:34:56Z", "2026-01-31T12:34:56.000Z"],
  ["2026-01-31T12:34:56.789", "2026-01-31T12:34:56.789Z"],
  ["2026-01-31T12:34:56.123456+00:00", "2026-01-31T12:34:56.123Z"],
  ["2026-01-31T12:34:56.999999Z", "2026-01-31T12:34:56.999Z"],
  ["2026-01-31T12:34:56.57Z", "2026-01-31T12:34:56.570Z"],
  ["2026-01-31T12:34:56.123456789Z", "2026-01-31T12:34:56.123Z"],
  ["2026-01-31T12:34:56+05:30", "2026-01-31T07:04:56.000Z"],
  ["2026-01-31T12:34:56+0530", "2026-01-31T07:04:56.000Z"],
  ["2026-01-31T12:34:56-05", "2026-01-31T17:34:56.000Z"],
  ["2026-01-31T12:34:56-00:00", "2026-01-31T12:34:56.000Z"],
  ["2026-01-31T12:34:56+01:02:03", "2026-01-31T11:32:53.000Z"],
  ["2026-01-31T12:34:56+23:59", "2026-01-30T12:35:56.000Z"],
  ["2026-01-31T12:34-23:59", "2026-02-01T12:33:00.000Z"],
  ["2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"],
  ["2000-02-29T00:00:00Z", "2000-02-29T00:00:00.000Z"],
  ["1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"],
  ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
  ["0099-12-31T00:00:00Z", "0099-12-31T00:00:00.000Z"],
  ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"],
];

const refused = [
  "",
  "NaN",
  "now",
  "1769862896",
  "2026-01-31",
  "12:34:56",
  "20260131T123456Z",
  "2026-W05-6T12:34:56Z",
  "2026-1-31T12:34:56",
  "26-01-31T12:34:56",
  "+002026-01-31T12:34:56Z",
  "-2026-01-31T12:34:56Z",
  "0000-01-01T00:00:00Z",
  "10000-01-01T00:00:00Z",
  "2026-00-10T12:34:56",
  "2026-13-10T12:34:56",
  "2026-01-00T12:34:56",
  "2026-01-32T12:34:56",
  "2026-02-29T12:34:56",
  "1900-02-29T12:34:56",
  "2026-04-31T12:34:56",
  "2026-01-31T24:00:00",
  "2026-01-31T12:60:00",
  "2026-01-31T12:34:60Z",
  "2026-01-31T12:34:56.",
  "2026-01-31T12:34:56.1234567890",
  "2026-01-31T12:34.5",
  "2026-01-31T12:34:56+24:00",
  "2026-01-31T12:34:56+99:99",
  "2026-01-31T12:34:56+05:60",
  "2026-01-31T12:34:56+5:30",
  "2026-01-31T12:34:56+05:3015",
  "2026-01-31T12:34:56 +05:30",
  "2026-01-31T12:34:56 05:30",
  "2026-01-31T12:34:56+",
  "2026-01-31T12:34:56z",
  "2026-01-31t12:34:56Z",
  "2026-01-31T12:34:56Z\n",
  " 2026-01-31T12:34:56Z",
  "2026-01-31T12:34:56Z, 2026-01-31T12:34:56Z",
  "２０２６-01-31T12:34:56Z",
  "2026-01-31T12:34:56\0",
  `2026-01-31T12:34:56.${"0".repeat(1_000_000)}Z`,
];

describe("a timestamp", () => {
  test.each(read)("%s is %s", (text, moment) => {
    expect(new Date(parseTimestamp(text)).toISOString()).toBe(moment);
  });

  test.each(refused.map((text) => [text]))("is not %j", (text) => {
    expect(() => parseTimestamp(text)).toThrow(Fault);
    expect(() => parseTimestamp(text)).toThrow(/^timestamp: .*; expected ISO 8601/);
  });

  test("says which kind of wrong it is", () => {
    expect(() => parseTimestamp("2026-02-30T00:00Z")).toThrow(
      'timestamp: "2026-02-30T00:00Z" names a day that is in no calendar; expected ISO 8601',
    );
    expect(() => parseTimestamp("yesterday")).toThrow(expect.objectContaining({ code: "VALIDATION_FAILED" }));
  });

  test("comes back from any moment's ISO form", () => {
    const moments = fc.date({
      min: new Date("0001-01-01T00:00:00Z"),
      max: new Date("9999-12-31T23:59:59.999Z"),
      noInvalidDate: true,
    });
    const law = fc.property(moments, (moment) => {
      expect(parseTimestamp(moment.toISOString())).toBe(moment.getTime());
      expect(parseTimestamp(moment.toISOString().replace("Z", "000+00:00"))).toBe(moment.getTime());
    });
    fc.assert(law);
  });
});

describe("the tolerance", () => {
  const arrivedMs = Date.parse("2026-01-31T12:00:00.000Z");
  const within = [0, 1, -1, 299_999, 300_000, -300_000];
  test.each(within)("of 300 s takes a timestamp that is %d ms off", (offMs) => {
    expect(() => checkTolerance(arrivedMs + offMs, arrivedMs, 300)).not.toThrow();
  });

  const beyond: readonly [offMs: number, said: string][] = [
    [300_001, "is 300.001 s ahead of the server's clock"],
    [301_000, "is 301 s ahead of the server's clock"],
    [-300_001, "is 300.001 s behind the server's clock"],
    [-301_000, "is 301 s behind the server's clock"],
    [parseTimestamp("9999-12-31T23:59:59Z") - arrivedMs, "s ahead of the server's clock"],
  ];
  test.each(beyond)("of 300 s refuses one that is %d ms off: it %s", (offMs, said) => {
    const check = () => checkTolerance(arrivedMs + offMs, arrivedMs, 300);
    expect(check).toThrow(said);
    expect(check).toThrow(/^timestamp: .*; at most 300 s are allowed$/);
  });

  test("of 0 s takes the very moment only", () => {
    expect(() => checkTolerance(arrivedMs, arrivedMs, 0)).not.toThrow();
    expect(() => checkTolerance(arrivedMs + 1, arrivedMs, 0)).toThrow(Fault);
  });
});
