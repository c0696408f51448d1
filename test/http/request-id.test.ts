import { expect, test } from "bun:test";
import { givenRequestId } from "../../src/http/request-id.ts";

const idFrom = (given: string) => givenRequestId(new Headers({ "X-Request-Id": given }));

test.each(["1", "0e0a2b1c-5a5c-4b6e-9d6e-1f2e3d4c5b6a", "Root=1-67891233:abc/def@host+x", "x".repeat(128)])(
  "a client's own id %s is taken",
  (id) => {
    expect(idFrom(id)).toBe(id);
  },
);

test.each([
  "",
  "x".repeat(129),
  "two words",
  `"quoted"`,
  "{json}",
  "<b>",
  "a,b",
  "a;b",
  "\u00e9",
  "a\tb",
  "a%0d%0ab",
])("a client's own id %j is not taken", (id) => {
  expect(idFrom(id)).toBeNull();
});

test("no id is none", () => {
  expect(givenRequestId(new Headers())).toBeNull();
});
