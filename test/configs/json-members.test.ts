import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { JsonError, readMembers } from "../../src/configs/json-members.ts";

const DEPTH = 64;

/** The members as a plain parser sees them, read from the spans that we found. */
function parsedMembers(text: string, maxDepth = DEPTH): ReadonlyMap<string, unknown> {
  const members = readMembers(text, maxDepth);
  return new Map([...members].map(([name, { start, end }]) => [name, JSON.parse(text.slice(start, end))]));
}

function complaint(text: string, maxDepth = DEPTH): string {
  try {
    readMembers(text, maxDepth);
  } catch (error) {
    if (error instanceof JsonError) return error.message;
    throw error;
  }
  throw new Error("nothing is wrong with it");
}

/** An object as JSON.parse knows it: undefined when it refuses the text, or finds something else in it. */
function parsedObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const accepted = [
  "{}",
  " \t\r\n{ \n } \r\n",
  '{"a":1}',
  '{"a":[],"b":{},"c":[{}],"d":[[],[[]]]}',
  '{ "a" : [ 1 , 2 ] , "b" : { "c" : null } }',
  '{"10":1,"2":2,"":3}',
  '{"__proto__":{"x":1},"constructor":2,"toString":3}',
  '{"a":{"a":{"a":1}},"b":{"a":1}}',
  '{"list":[{"a":1},{"a":1}]}',
  '{"a":0,"b":-0,"c":1.0,"d":-1.5e+10,"e":1E-400,"f":12345678901234567890,"g":1e999}',
  '{"a":true,"b":false,"c":null}',
  '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\ude80"}',
  '{"a":"\\ud800","\\udc00":1}',
  '{"a":"\ud800\u2028\u007f\ufeff"}',
  '{"é🚀":"é🚀"}',
];

const invalid = [
  "",
  " ",
  "{",
  "}",
  "{}}",
  "{}{}",
  "{},",
  "{,}",
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{"a":1 "b":2}',
  '{"a":1,,"b":2}',
  '{"a" 1}',
  '{"a"::1}',
  "{a:1}",
  "{'a':1}",
  "{1:1}",
  "{null:1}",
  '{"a":[}',
  '{"a":[1,]}',
  '{"a":[,1]}',
  '{"a":[1 2]}',
  '{"a":[1}',
  '{"a":{"b":1]}',
  '{"a":[1]',
  '{"a":01}',
  '{"a":-01}',
  '{"a":+1}',
  '{"a":.5}',
  '{"a":1.}',
  '{"a":1.e5}',
  '{"a":1e}',
  '{"a":1e+}',
  '{"a":-}',
  '{"a":--1}',
  '{"a":0x1}',
  '{"a":1_000}',
  '{"a":١}',
  '{"a":NaN}',
  '{"a":-Infinity}',
  '{"a":undefined}',
  '{"a":True}',
  '{"a":tru}',
  '{"a":truee}',
  '{"a":nul',
  '{"a":"',
  '{"a":"b',
  '{"a":"\\',
  '{"a":"\\"}',
  '{"a":"\\x41"}',
  '{"a":"\\u12"}',
  '{"a":"\\u12g4"}',
  '{"a":"\\U0041"}',
  '{"a":"\n"}',
  '{"a":"\t"}',
  '{"a":"\0"}',
  '{"a":"\u001f"}',
  '{"\n":1}',
  '{"a":1}\0',
  '\ufeff{"a":1}',
  '\u00a0{"a":1}',
  '{"a":\u2028 1}',
  '{"a":\f1}',
  '{"a":1}//',
  '/**/{"a":1}',
];

const otherTops = ["1", '"a"', "null", "true", "[]", '[{"a":1}]'];

describe("the members of a JSON object", () => {
  test.each(accepted.map((text) => [text]))("are those that JSON.parse finds: %j", (text) => {
    expect(parsedMembers(text)).toEqual(new Map(Object.entries(parsedObject(text) ?? expect.unreachable())));
  });

  test.each(invalid.map((text) => [text]))("are not found in %j, which JSON.parse refuses too", (text) => {
    expect(parsedObject(text)).toBeUndefined();
    expect(complaint(text)).toMatch(/ at line \d+, column \d+$/);
  });

  test.each(otherTops)("are not found in %j, which is no object", (text) => {
    expect(complaint(text)).toStartWith("expected an object, found ");
  });

  test("are spans of exactly the value's own text, in the order in which they stand there", () => {
    const text = '{ "10" : 1.0 ,"2":[ 1 , 2 ],"__proto__":\n{"a": "}"}\t}';
    const cuts = [...readMembers(text, DEPTH)].map(([name, { start, end }]) => [
      name,
      text.slice(start, end),
    ]);
    expect(cuts).toEqual([
      ["10", "1.0"],
      ["2", "[ 1 , 2 ]"],
      ["__proto__", '{"a": "}"}'],
    ]);
  });

  test("go by their unescaped names", () => {
    expect([...readMembers('{"\\u0063ontent":1,"a\\/b":2,"\\ud83d\\ude80":3}', DEPTH).keys()]).toEqual([
      "content",
      "a/b",
      "🚀",
    ]);
  });
});

describe("a name that occurs twice in one object", () => {
  const twice: readonly [text: string, name: string, column: number][] = [
    ['{"a":1,"a":1}', "a", 8],
    ['{"a":1,"b":2,"a":3}', "a", 14],
    ['{"a":1, "\\u0061":2}', "a", 9],
    ['{"":1,"":2}', "", 7],
    ['{"__proto__":1,"__proto__":2}', "__proto__", 16],
    ['{"x":{"a":1,"a":2}}', "a", 13],
    ['{"x":[[{"a":{},"a":[]}]]}', "a", 16],
    ['{"x":{"é":{"y":1},"\\u00e9":2}}', "é", 19],
    ['{"\\ud800":1,"\ud800":2}', "\ud800", 13],
  ];
  test.each(twice)("is refused: %j", (text, name, column) => {
    expect(complaint(text)).toBe(
      `the name ${JSON.stringify(name)} occurs twice in one object at line 1, column ${column}`,
    );
  });
});

describe("the depth", () => {
  const nested = (levels: number) => `{"a":${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}}`;
  const nestedObjects = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${"}".repeat(levels - 1)}`;

  test("may be exactly what is allowed, in arrays and in objects", () => {
    for (const levels of [2, 3, 64]) {
      expect(() => readMembers(nested(levels), levels)).not.toThrow();
      expect(() => readMembers(nestedObjects(levels), levels)).not.toThrow();
    }
  });

  test("may not be a level more", () => {
    for (const levels of [2, 3, 65]) {
      expect(complaint(nested(levels), levels - 1)).toStartWith(
        `nested more than ${levels - 1} levels deep at`,
      );
      expect(complaint(nestedObjects(levels), levels - 1)).toStartWith("nested more than");
    }
    expect(complaint("{}", 0)).toStartWith("nested more than 0 levels deep");
  });

  test("goes down again where something ends", () => {
    expect(() => readMembers(`{"a":[${"[[]],".repeat(1000)}[[]]],"b":[[[]]]}`, 4)).not.toThrow();
  });

  test("does not grow the stack", () => {
    expect(readMembers(nested(100_000), 100_000).size).toBe(1);
  });
});

describe("the place of a mistake", () => {
  const places: readonly [text: string, said: string][] = [
    ["", "expected an object, found the end at line 1, column 1"],
    ['{"a":1', 'expected "," or "}", found the end at line 1, column 7'],
    ['{\n  "a": 1,\n  b: 2\n}', 'expected a name in double quotes, found "b" at line 3, column 3'],
    ['{\r\n"a":🚀}', 'expected a value, found "🚀" at line 2, column 5'],
    ['{"a":"\\x"}', "an escape that JSON does not know at line 1, column 7"],
    ['{"a":"b\n"}', 'expected a character of a string or its closing quote, found "\\n" at line 1, column 8'],
    ['{"a":[1 2]}', 'expected "," or "]", found "2" at line 1, column 9'],
    ['{} {"a":1}', 'expected the end, found "{" at line 1, column 4'],
  ];
  test.each(places)("is told for %j", (text, said) => {
    expect(complaint(text)).toBe(said);
  });

  test("is told in parts too", () => {
    const error = new JsonError("expected a value", 3, 14);
    expect(error).toMatchObject({ reason: "expected a value", line: 3, column: 14 });
    expect(error.message).toBe("expected a value at line 3, column 14");
  });
});

describe("for any text", () => {
  const space = fc.string({ unit: fc.constantFrom(" ", "\t", "\r", "\n"), maxLength: 3 });
  const number = fc.oneof(
    fc.double({ noDefaultInfinity: true, noNaN: true }).map(String),
    fc.constantFrom("1.0", "-0", "-0.0e-0", "12345678901234567890", "1E400", "00", "1.", "+1", "-", "1e5.0"),
  );
  const string = fc.oneof(
    fc.string({ unit: "binary" }).map((text) => JSON.stringify(text)),
    fc.constantFrom('"\\u0061"', '"a"', '"\\/"', '"\ud800"', '"\\a"', "'a'", '"\t"'),
  );
  const { json } = fc.letrec<{ json: string }>((tie) => ({
    json: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      number,
      string,
      fc.constantFrom("true", "false", "null", "undefined", ""),
      fc
        .tuple(space, fc.array(tie("json"), { maxLength: 4 }), space)
        .map(([a, all, b]) => `[${a}${all.join(`${b},${a}`)}${b}]`),
      fc
        .tuple(space, fc.array(fc.tuple(string, tie("json")), { maxLength: 4 }), space)
        .map(
          ([a, all, b]) =>
            `${a}{${all.map(([name, value]) => `${a}${name}${b}:${a}${value}`).join(`${b},`)}${b}}`,
        ),
    ),
  }));
  const wrapped = fc.oneof(fc.json(), json).map((text) => `{"a":${text},"b":${text}}`);
  const mutated = fc
    .tuple(wrapped, fc.nat(), fc.nat(2), fc.constantFrom(...'{}[]",:\\0-.eE+tn\n\t\0 u', ""))
    .map(([text, seed, cut, put]) => {
      const at = seed % (text.length + 1);
      return text.slice(0, at) + put + text.slice(at + cut);
    });

  test("the members are found exactly when JSON.parse finds an object, and have the same values", () => {
    const law = fc.property(fc.oneof(fc.json(), json, wrapped, mutated), (text) => {
      const expected = parsedObject(text);
      if (expected === undefined) {
        expect(() => readMembers(text, 1000)).toThrow(JsonError);
        return;
      }
      try {
        expect(parsedMembers(text, 1000)).toEqual(new Map(Object.entries(expected)));
      } catch (error) {
        if (!(error instanceof JsonError)) throw error;
        expect(error.reason).toEndWith("occurs twice in one object"); // The one thing that JSON.parse lets pass.
      }
    });
    fc.assert(law, { numRuns: 2000 });
  });

  test("no name is ever said to occur twice when JSON.stringify wrote the text", () => {
    const law = fc.property(fc.object({ maxDepth: 4 }), (value) => {
      expect(() => readMembers(JSON.stringify(value), DEPTH)).not.toThrow();
    });
    fc.assert(law);
  });
});

describe("hostile text", () => {
  const hostile: readonly [what: string, text: string][] = [
    ["200,000 open brackets", `{"a":${"[".repeat(200_000)}`],
    ["200,000 open objects", '{"a":'.repeat(200_000)],
    ["100,000 names", `{${Array.from({ length: 100_000 }, (_, at) => `"k${at}":{}`).join()}}`],
    ["a million digits", `{"a":${"9".repeat(1_000_000)}x}`],
    ["a million spaces", `{"a":${" ".repeat(1_000_000)}`],
    ["a million escapes", `{"a":"${"\\n".repeat(1_000_000)}`],
    ["a million lines before a mistake", `{${"\n".repeat(1_000_000)}x`],
  ];
  test.each(hostile)("is answered without delay: %s", (_, text) => {
    const begun = performance.now();
    try {
      readMembers(text, DEPTH);
    } catch (error) {
      expect(error).toBeInstanceOf(JsonError);
    }
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});
