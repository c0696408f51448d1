import { expect, test } from "bun:test";
import { preconditionOf } from "../../src/http/index.ts";
import type { Precondition } from "../../src/store/index.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startTestService } from "../support/service.ts";

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

test.each([
  ["If-Match", '"another"'],
  ["If-None-Match", "*"],
])("a delete that is refused for its %s says so", async (field, condition) => {
  await using service = await startTestService();
  await service.saveConfig("aa-bb-cc-dd-ee-ff", {});
  await service.uploadAsset("plug.bin", "firmware");
  for (const path of ["/api/configs/aa-bb-cc-dd-ee-ff", "/api/assets/plug.bin"]) {
    const response = await service.request("DELETE", path, { headers: { [field]: condition } });
    const { error, details } = await expectRefusal(response, 412, "PRECONDITION_FAILED");
    expect([error.slice(0, field.length + 2), details]).toEqual([`${field}: `, { field }]);
  }
});
