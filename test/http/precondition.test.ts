import { expect, test } from "bun:test";
import { preconditionOf } from "../../src/http/index.ts";
import type { Precondition } from "../../src/store/index.ts";

const cases: readonly (readonly [string, Record<string, string>, Precondition])[] = [
  ["nothing", {}, "none"],
  ["If-Match with one tag", { "If-Match": `"a"` }, { etags: [`"a"`] }],
  ["If-Match with several", { "If-Match": `"a", W/"b" ,"c"` }, { etags: [`"a"`, `W/"b"`, `"c"`] }],
  ["If-Match: *", { "If-Match": "*" }, { etags: "*" }],
  ["If-Match that is malformed, which nothing meets", { "If-Match": "a" }, { etags: [] }],
  ["If-Match with nothing in it, which nothing meets", { "If-Match": "" }, { etags: [] }],
  ["If-None-Match: *", { "If-None-Match": "*" }, "absent"],
  ["If-None-Match with a tag, which asks nothing of a change", { "If-None-Match": `"a"` }, "none"],
  ["both, of which If-Match counts", { "If-Match": `"a"`, "If-None-Match": "*" }, { etags: [`"a"`] }],
];

test.each(cases)("a change with %s", (_, headers, precondition) => {
  expect(preconditionOf(new Headers(headers))).toEqual(precondition);
});
