import { describe, expect, test } from "bun:test";
import { toJsonSchema } from "@valibot/to-json-schema";
import * as fc from "fast-check";
import { decodeUtf8, readContent, readSaveBody, SaveConfigBody } from "../../src/configs/content.ts";
import { Fault } from "../../src/fault.ts";

const LIMIT = 1024;
const bytesOf = (text: string) => new TextEncoder().encode(text);
const read = (body: string, maxConfigBytes = LIMIT) => readSaveBody(bytesOf(body), maxConfigBytes);

function faultOf(call: () => unknown): Fault {
  try {
    call();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("a content", () => {
  const contents = [
    "{}",
    "{ }",
    '{"b":1,"a":2}',
    '{"10":1,"2":2}',
    '{"a":1.0,"b":12345678901234567890,"c":1e400,"d":-0}',
    '{\n\t"a" : [ 1 , 2 ]\r\n}',
    '{"__proto__":{"polluted":true},"constructor":1}',
    '{"a":"\\u00e9é\\/\\ud800"}',
    '{"content":{"content":{}},"allow_overwrite":false}',
  ];
  test.each(contents)("is kept exactly as written: %s", (content) => {
    const saved = read(` {"allow_overwrite":true ,"x":[{}], "content" : ${content} }\n`);
    expect(saved).toEqual({ content, contentBytes: bytesOf(content), allowOverwrite: true, message: null });
  });

  test("comes back whole, whatever it is", () => {
    const indent = fc.constantFrom(0, 1, "\t", " \n");
    const law = fc.property(fc.object(), indent, (value, space) => {
      const content = JSON.stringify(value, null, space);
      expect(read(`{"content":${content}}`, 1_000_000)).toEqual({
        content,
        contentBytes: bytesOf(content),
        allowOverwrite: true,
        message: null,
      });
    });
    fc.assert(law);
  });

  test("is found under an escaped name", () => {
    expect(read('{"\\u0063ontent":{"a":1}}').content).toBe('{"a":1}');
  });

  test("may have exactly as many bytes as allowed, however many the body has", () => {
    const content = `{"a":"${"é".repeat(46)}"}`; // 8 + 92 bytes
    expect(read(`{"content":${content},"x":"${"y".repeat(200)}"}`, 100).contentBytes).toHaveLength(100);
    const fault = faultOf(() => read(`{"content":${content}}`, 99));
    expect(fault.code).toBe("PAYLOAD_TOO_LARGE");
    expect(fault.message).toBe("content: larger than the 99 bytes allowed");
  });

  test("may be 64 levels deep, itself the first", () => {
    const nested = (levels: number) => `{"content":${'{"a":'.repeat(levels - 1)}{}${"}".repeat(levels)}`;
    expect(() => read(nested(64))).not.toThrow();
    expect(faultOf(() => read(nested(65))).message).toContain(
      "nested more than 65 levels deep at line 1, column",
    );
  });
});

describe("a content that stands by itself", () => {
  const whole = [
    "{}",
    '\n {"a":1.0}\r\n',
    '{"a":"\\ud800"}',
    '{"content":{}}',
    `${'{"a":'.repeat(63)}{}${"}".repeat(63)}`,
  ];
  test.each(whole)("is kept whole: %j", (content) => {
    const contentBytes = bytesOf(content);
    expect(readContent(contentBytes, contentBytes.length)).toEqual({ content, contentBytes });
  });

  const wrong: readonly [content: string, message: RegExp][] = [
    ["", /^content: is not acceptable JSON: expected an object, found the end/],
    ["[]", /^content: .*expected an object/],
    ["{} {}", /^content: .*expected the end, found "\{" at line 1, column 4$/],
    ['{"a":1,"a":2}', /^content: .*the name "a" occurs twice/],
    ["\ufeff{}", /^content: begins with a byte order mark/],
    [`${'{"a":'.repeat(64)}{}${"}".repeat(64)}`, /^content: .*nested more than 64 levels/],
    [`{"a":"${"x".repeat(LIMIT)}"}`, /^content: larger than the 1024 bytes allowed/],
  ];
  test.each(wrong)("%j is refused: %s", (content, message) => {
    expect(faultOf(() => readContent(bytesOf(content), LIMIT)).message).toMatch(message);
  });

  test("is taken exactly when a save of it would be", () => {
    const isTaken = (read: () => unknown) => {
      try {
        read();
        return true;
      } catch (error) {
        if (error instanceof Fault) return false;
        throw error;
      }
    };
    const some = fc.oneof(
      fc.json(),
      fc.string(),
      fc.object().map((value) => JSON.stringify(value)),
    );
    const law = fc.property(some, (content) => {
      const saved = isTaken(() => read(`{"content":${content}}`));
      expect(isTaken(() => readContent(bytesOf(content), LIMIT))).toBe(saved);
    });
    fc.assert(law);
  });
});

describe("allow_overwrite", () => {
  const spellings: readonly [body: string, allowOverwrite: boolean][] = [
    ['{"content":{}}', true],
    ['{"content":{},"allow_overwrite":true}', true],
    ['{"allow_overwrite": false , "content":{}}', false],
  ];
  test.each(spellings)("is read, and true where it is absent: %s", (body, allowOverwrite) => {
    expect(read(body).allowOverwrite).toBe(allowOverwrite);
  });
});

describe("a body", () => {
  const wrong: readonly [body: string, message: string | RegExp][] = [
    ["{}", "content: must be an object, and is missing"],
    ['{"Content":{}}', "content: must be an object, and is missing"],
    ['{"content":null}', "content: must be an object, not null"],
    ['{"content":[]}', "content: must be an object, not an array"],
    ['{"content":[{}]}', "content: must be an object, not an array"],
    ['{"content":"{}"}', "content: must be an object, not a string"],
    ['{"content":-1}', "content: must be an object, not a number"],
    ['{"content":true}', "content: must be an object, not true"],
    ['{"content":{},"allow_overwrite":null}', "allow_overwrite: must be true or false, not null"],
    ['{"content":{},"allow_overwrite":"false"}', "allow_overwrite: must be true or false, not a string"],
    ['{"content":{},"allow_overwrite":0}', "allow_overwrite: must be true or false, not a number"],
    ['{"content":{},"allow_overwrite":{}}', "allow_overwrite: must be true or false, not an object"],
    ["", /^body: is not acceptable JSON: expected an object, found the end at line 1, column 1$/],
    ["[]", /^body: is not acceptable JSON: expected an object, found "\["/],
    ['{"content":{"a":1,}}', /^body: .* at line 1, column 19$/],
    ['{"content":{\n"a":1,"a":2}}', /^body: .*the name "a" occurs twice in one object at line 2, column 7$/],
    ['{"content":{},"content":{}}', /^body: .*the name "content" occurs twice in one object/],
    ['{"content":{},"x":{"a":1,"a":2}}', /^body: .*the name "a" occurs twice/],
  ];
  test.each(wrong)("%j is refused: %s", (body, message) => {
    const fault = faultOf(() => read(body));
    expect(fault.code).toBe("VALIDATION_FAILED");
    expect(fault.message).toMatch(message);
  });

  test("tells where it is wrong in the fault's details too", () => {
    expect(faultOf(() => read('{\n"content":x}')).details).toEqual({ field: "body", line: 2, column: 11 });
  });

  test("is UTF-8 without a byte order mark", () => {
    expect(faultOf(() => read('\ufeff{"content":{}}')).message).toStartWith(
      "body: begins with a byte order mark",
    );
    expect(decodeUtf8(bytesOf("é🚀\ufeff\0"), "body")).toBe("é🚀\ufeff\0");
  });

  const notUtf8: readonly [bytes: readonly number[], at: number][] = [
    [[0xff], 0],
    [[0x7b, 0x80], 1],
    [[0x7b, 0xc3], 1],
    [[0x7b, 0x7d, 0xe2, 0x28, 0xa1], 2],
    [[0x61, 0xc0, 0x80], 1],
    [[0x61, 0xed, 0xa0, 0x80], 1],
    [[0xf5, 0x80, 0x80, 0x80], 0],
    [[0xef, 0xbf, 0xbd, 0xef, 0xbf], 5],
    [[0xfe, 0xff, 0x00, 0x7b], 0],
  ];
  test.each(notUtf8)("of the bytes %j is no UTF-8", (bytes, at) => {
    const fault = faultOf(() => readSaveBody(Uint8Array.from(bytes), LIMIT));
    expect(fault.code).toBe("VALIDATION_FAILED");
    expect(fault.message).toBe(`body: is not UTF-8, at byte ${at}`);
  });

  test("is either read or refused with a fault, whatever its bytes are", () => {
    const law = fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
      expect(faultOf(() => readSaveBody(bytes, LIMIT)).code).toBe("VALIDATION_FAILED");
    });
    fc.assert(law);
  });

  test("is described to OpenAPI by the schema that checks it", () => {
    expect(toJsonSchema(SaveConfigBody, { typeMode: "input" })).toMatchObject({
      type: "object",
      properties: {
        content: { type: "object" },
        allow_overwrite: { type: "boolean", default: true },
      },
      required: ["content"],
    });
  });
});
