import { expect, test } from "bun:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { startTestService } from "../support/service.ts";
import type { ServiceClient } from "../support/service-client.ts";

type Document = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

type Operation = { readonly parameters: readonly { readonly description: string }[] };

const METHODS = ["get", "put", "post", "delete", "patch"] as const;

test("the document is valid OpenAPI 3.1", async () => {
  await using service = await startTestService();
  const document = await fetchDocument(service);
  expect(document).toMatchObject({ openapi: "3.1.0" });
  expect(await new Validator().validate(document)).toEqual({ valid: true });
});

test("what the document names is there, and what is there it names: a path's other methods are answered 405", async () => {
  await using service = await startTestService();
  const { paths } = await fetchDocument(service);
  for (const [path, operations] of Object.entries(paths)) {
    const url = path.replace("{mac}", "aa-bb-cc-dd-ee-ff").replace("{filename}", "firmware.bin");
    const { headers, status } = await service.request("PURGE", url);
    expect([path, status]).toEqual([path, 405]);
    const allowed = METHODS.filter((method) => (headers.get("Allow") ?? "").includes(method.toUpperCase()));
    expect([path, allowed]).toEqual([path, METHODS.filter((method) => method in operations)]);
  }
});

test("the document says which of a query's parameters must be there, and what they may be", async () => {
  await using service = await startTestService();
  const { paths } = await fetchDocument(service);
  expect(paths["/api/convergence"]).toMatchObject({
    get: {
      parameters: [
        { in: "query", name: "file", required: true, schema: { type: "string", maxLength: 255 } },
        { name: "topic", required: false, schema: { enum: ["configs", "assets"] } },
        { name: "revision", required: false, description: "The newest one where it is left out" },
      ],
    },
  });
  expect(paths["/api/configs"]).toMatchObject({
    get: { parameters: [{ name: "limit", schema: { pattern: "^[1-9]\\d{0,3}$" } }, {}, {}] },
  });
  const all = Object.values(paths).flatMap((methods) => Object.values(methods));
  for (const { parameters } of all)
    for (const { description } of parameters) expect(description).toMatch(/./);
});

test("an operation is called by the whole of its path", async () => {
  await using service = await startTestService();
  const { paths } = await fetchDocument(service);
  expect(paths["/api/assets/{filename}/md5"]).toMatchObject({
    get: { operationId: "getApiAssetsFilenameMd5" },
  });
});

test("a browser that opens the service's address is led to the page", async () => {
  await using service = await startTestService();
  const { status, headers } = await fetch(service.url, { redirect: "manual" });
  expect([status, headers.get("Location")]).toEqual([302, "/api/docs"]);
});

test("a page to read and try it comes from us alone", async () => {
  await using service = await startTestService();
  const page = await service.request("GET", "/api/docs");
  expect(page.headers.get("Content-Security-Policy")).toContain("default-src 'self'");
  const html = await page.text();
  const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part]) => part ?? "");
  expect(parts).toHaveLength(3);
  for (const part of parts) {
    expect(part).toStartWith("/api/docs/");
    expect((await service.request("GET", part)).status).toBe(200);
  }
  expect((await service.request("GET", "/api/docs/package.json")).status).toBe(404);
});

async function fetchDocument(service: ServiceClient): Promise<Document> {
  return (await (await service.request("GET", "/api/openapi.json")).json()) as Document;
}
