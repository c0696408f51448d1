import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Mac, parseMac } from "../../src/configs/mac.ts";
import { Fault } from "../../src/fault.ts";

const refused = [
  "",
  "aa-bb-cc-dd-ee",
  "aa-bb-cc-dd-ee-ff-00",
  "aa-bb-cc-dd-ee-fg",
  "aa:bb-cc:dd:ee:ff",
  "aa-bb-cc-dd-eeff",
  "aabb-ccdd-eeff",
  "aabb.ccdd.eeff",
  "aa bb cc dd ee ff",
  " aa-bb-cc-dd-ee-ff",
  "aa-bb-cc-dd-ee-ff\n",
  "aa-bb-cc-dd-ee-ff.json",
  "-aa-bb-cc-dd-ee-ff",
  "aa--bb-cc-dd-ee-ff",
  "../../etc/passwd",
  "٠٠-00-00-00-00-00",
];

describe("a MAC address", () => {
  test("has one canonical form, however it is spelled", () => {
    const octets = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 6, maxLength: 6 });
    const separator = fc.constantFrom("-", ":", "");
    const casing = fc.array(fc.boolean(), { minLength: 17, maxLength: 17 });
    const law = fc.property(octets, separator, casing, (bytes, between, upper) => {
      const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0"));
      const spelled = [...hex.join(between)]
        .map((each, at) => (upper[at] ? each.toUpperCase() : each))
        .join("");
      expect(parseMac(spelled)).toBe(hex.join("-") as Mac);
    });
    fc.assert(law);
  });

  test("parses to itself when it is canonical", () => {
    expect<string>(parseMac("aa-bb-cc-dd-ee-ff")).toBe("aa-bb-cc-dd-ee-ff");
  });

  test.each(refused)("is not %j", (text) => {
    expect(() => parseMac(text)).toThrow(Fault);
    expect(() => parseMac(text)).toThrow(
      /^mac_address: the format of .* is invalid; expected aa-bb-cc-dd-ee-ff$/,
    );
  });

  test("is refused as INVALID_OPERATION", () => {
    expect(() => parseMac("nonsense")).toThrow(expect.objectContaining({ code: "INVALID_OPERATION" }));
  });
});
