import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { until } from "../support/deadline.ts";
import { filesUnder } from "../support/files.ts";
import { multipart, type Part } from "../support/multipart.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { signedFields, signedForm } from "../support/signed-form.ts";

const MIB = Buffer.alloc(1024 * 1024, "x");
const FILE: Part = { name: "file", value: "never seen before", filename: "form.bin" };

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

describe("attack A5 a form is refused and leaves nothing behind", () => {
  const fields = signedFields();
  const many = Array.from({ length: 10_000 }, (_, part): Part => ({ name: `part${part}`, value: "x" }));
  const headers = many.map(({ name }) => `${name}: ${"x".repeat(100)}`);
  const inner = multipart([...fields, FILE], "inner");
  const forms: readonly (readonly [string, readonly Part[]])[] = [
    ["with nothing in it", []],
    ["without a file", fields],
    ["whose file is a plain field", [...fields, { name: "file", value: "x" }]],
    ["without a timestamp", [...fields.slice(1), FILE]],
    ["without a signature", [...fields.slice(0, 1), FILE]],
    ["with two files", [...fields, FILE, { ...FILE, filename: "second.bin" }]],
    ["with two timestamps", [...fields, ...signedFields("2001-01-01T00:00:00Z").slice(0, 1), FILE]],
    ["with a timestamp from long ago, after the file", [FILE, ...signedFields("2001-01-01T00:00:00Z")]],
    ["with 10,000 parts", [...many, ...fields, FILE]],
    ["with 10,000 parts after the file", [...fields, FILE, ...many]],
    ["with a header of 1 MB in a part", [...fields, { ...FILE, headers: [`X-Long: ${MIB}`] }]],
    ["with 10,000 headers in a part, 1 MB in all", [...fields, { ...FILE, headers }]],
    ["with a timestamp of 1 MB", [{ name: "timestamp", value: MIB }, ...fields.slice(1), FILE]],
    ["with a field of 20 MB", [{ name: "signature", value: Buffer.alloc(20 * MIB.length) }, FILE]],
    ["with a form inside of a field", [{ name: "form", value: inner.body, headers: [inner.contentType] }]],
  ];
  test.each(forms)("%s", async (_, parts) => {
    const before = await stateOfAll();
    const { error } = await expectRefusal(await service.postForm(parts), 400, "VALIDATION_FAILED");
    expect(error).toMatch(/^(body|file|filename|timestamp|signature): /);
    expect(error.length).toBeLessThan(500);
    await expectAsBefore(before);
  });

  const types: readonly (readonly [string, string, number])[] = [
    ["without a boundary", "multipart/form-data", 400],
    ["with an empty boundary", "multipart/form-data; boundary=", 400],
    ["with another boundary than it says", "multipart/form-data; boundary=other", 400],
    ["that is not of its type", "application/json", 415],
    ["that can hold no file", "application/x-www-form-urlencoded", 415],
    ["that is mixed", "multipart/mixed; boundary=outer", 415],
  ];
  test.each(types)("%s", async (_, contentType, status) => {
    const before = await stateOfAll();
    const init = { headers: { "Content-Type": contentType }, body: signedForm("form.bin", "x") };
    const code = status === 400 ? "VALIDATION_FAILED" : "UNSUPPORTED_MEDIA_TYPE";
    await expectRefusal(await service.request("POST", "/api/assets", init), status, code);
    await expectAsBefore(before);
  });

  async function stateOfAll(): Promise<State> {
    return { files: await filesUnder(service.settings.dataDir), assets: await service.listAssets() };
  }

  async function expectAsBefore(before: State): Promise<void> {
    await until("nothing is left of it", async () => Bun.deepEquals(await stateOfAll(), before));
  }
});

type State = { readonly files: readonly string[]; readonly assets: readonly string[] };

test("attack A5 fields may come after the file, and fields that nobody asked for are left", async () => {
  const file: Part = { name: "file", value: "x", filename: "any-order.bin" };
  const response = await service.postForm([{ name: "comment", value: "none" }, file, ...signedFields()]);
  expect(response.status).toBe(200);
  expect((await service.fetchAsset("any-order.bin")).bytes.toString()).toBe("x");
});
