import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { expectRefusal } from "../support/refusal.ts";
import { startTestService, type TestService } from "../support/service.ts";

const PORCH = "aa-bb-cc-dd-ee-01";
const MAX_CONFIG_BYTES = 256 * 1024;

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

describe("attack A3 a content is kept byte for byte", () => {
  const contents: readonly (readonly [string, string])[] = [
    ["64 levels deep", nested(64)],
    [
      "with __proto__, constructor and prototype",
      `{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`,
    ],
    ["with a deviceName in __proto__", `{"__proto__":{"deviceName":"x"}}`],
    ["with numbers that no double holds", `{"a":1.0,"b":12345678901234567890,"c":1e999999,"d":-0,"e":1E+2}`],
    ["with a number of 10,000 digits", `{"a":${"9".repeat(10_000)}}`],
    ["with keys that look like integers", `{"10":1,"2":2,"a":3,"1":4}`],
    ["with lone surrogates, escaped", String.raw`{"a":"\ud800","\udfff":1}`],
    ["with letters escaped and not", '{"\\u0061":"é\\u00e9/\\/😀"}'],
    ["with spaces and lines of its own", '{ "a" :\r\n\t[ 1 ,2 ]\n}'],
    ["with 20,000 keys", `{${Array.from({ length: 20_000 }, (_, key) => `"${key}":0`).join()}}`],
    ["of the largest size", `{"a":"${"x".repeat(MAX_CONFIG_BYTES - 8)}"}`],
    ["with nothing in it", "{}"],
    ["with U+2028, NUL and an empty name", String.raw`{"":"\u0000 ${"\u2028"}"}`],
  ];
  test.each(contents)("%s", async (_, content) => {
    await service.saveConfig(PORCH, content);
    expect((await service.fetchConfig(PORCH)).text).toBe(content);
    const whole = await (await service.request("GET", `/api/configs/${PORCH}`)).text();
    expect(whole).toContain(content);
    expect(whole).toContain('"device_name":null');
    expect("polluted" in {}).toBe(false);
  });
});

describe("attack A3 a body is refused", () => {
  const bodies: readonly (readonly [string, string | Uint8Array])[] = [
    ["65 levels deep", `{"content":${nested(65)}}`],
    ["100,000 levels deep", `{"content":{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}}`],
    ["100,000 levels deep and never closed", "[".repeat(100_000)],
    ["with a name twice", `{"content":{"a":1,"a":1}}`],
    ["with a name twice, once escaped", String.raw`{"content":{"a":1,"\u0061":1}}`],
    ["with a name twice, far down", `{"content":{"a":[{"b":{"c":1,"d":2,"c":3}}]}}`],
    ["with __proto__ twice", `{"content":{"__proto__":1,"__proto__":2}}`],
    ["with two contents", `{"content":{},"content":{"a":1}}`],
    ["with a byte order mark", `\ufeff{"content":{}}`],
    ["with a byte order mark before the content", `{"content":\ufeff{}}`],
    ["not UTF-8", Buffer.concat([Buffer.from(`{"content":{"a":"`), Buffer.of(0xff), Buffer.from(`"}}`)])],
    [
      "with a surrogate in UTF-8",
      Buffer.concat([Buffer.from(`{"content":{"a":"`), Buffer.of(0xed, 0xa0, 0x80), Buffer.from(`"}}`)]),
    ],
    [
      "with an overlong slash",
      Buffer.concat([Buffer.from(`{"content":{"a":"`), Buffer.of(0xc0, 0xaf), Buffer.from(`"}}`)]),
    ],
    ["in UTF-16", Buffer.from(`{"content":{}}`, "utf16le")],
    ["that is empty", ""],
    ["that is no JSON", "content"],
    ["with a comment", `{"content":{/* x */}}`],
    ["with a comma too many", `{"content":{"a":1,}}`],
    ["with single quotes", `{'content':{}}`],
    ["with NaN", `{"content":{"a":NaN}}`],
    ["with a number that begins with 0", `{"content":{"a":01}}`],
    ["with a raw line feed in a string", `{"content":{"a":"\n"}}`],
    ["with something after its end", `{"content":{}}{}`],
    ["cut short", `{"content":{"a":1`],
    ["that is an array", `[{"content":{}}]`],
    ["without a content", `{"allow_overwrite":true}`],
    ["whose content is null", `{"content":null}`],
    ["whose content is an array", `{"content":[]}`],
    ["whose content is text", `{"content":"{}"}`],
    ["whose content is only in __proto__", `{"__proto__":{"content":{}}}`],
    ["whose allow_overwrite is text", `{"content":{},"allow_overwrite":"false"}`],
  ];
  test.each(bodies)("%s", async (_, body) => {
    const headers = { "Content-Type": "application/json" };
    const response = await service.request("PUT", "/api/configs/aa-bb-cc-dd-ee-02", { headers, body });
    const { error } = await expectRefusal(response, 400, "VALIDATION_FAILED");
    expect(error).toMatch(/^(body|content|allow_overwrite): /);
    expect(error.length).toBeLessThan(500);
    expect(await service.listConfigs()).not.toContain("aa-bb-cc-dd-ee-02");
  });
});

/** An object in which so many levels lie inside of each other. */
function nested(levels: number): string {
  return `${`{"a":`.repeat(levels - 1)}{}${"}".repeat(levels - 1)}`;
}
