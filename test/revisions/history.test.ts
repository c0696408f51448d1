import { describe, expect, test } from "bun:test";
import { startBroker } from "../support/broker.ts";
import { atOnce } from "../support/load.ts";
import { expectCode, expectRefusal } from "../support/refusal.ts";
import { startTestService } from "../support/service.ts";
import type { ServiceClient } from "../support/service-client.ts";

const MAC = "aa-bb-cc-dd-ee-ff";
const CONFIG = `/api/configs/${MAC}`;
const ASSET = "/api/assets/plug.bin";

describe("a file's history", () => {
  test("has every save, the newest first, with what its maker said of it", async () => {
    await using service = await startTestService();
    await service.saveConfig(MAC, { gain: 1 });
    await save(service, `{"content":{"gain":2},"message":"quieter"}`);
    await service.deleteConfig(MAC);
    await service.saveConfig(MAC, { gain: 1 });
    const { revisions, next_cursor } = await historyOf(service, CONFIG);
    expect(next_cursor).toBeNull();
    expect(revisions).toMatchObject([
      { revision: 4, size: 10, message: null, deleted: false },
      { revision: 3, size: null, sha256: null, etag: null, deleted: true },
      { revision: 2, message: "quieter", author: null },
      { revision: 1, etag: `"${revisions[0]?.sha256}"` },
    ]);
  });

  test("has every upload, whose message comes as a field", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", "one");
    const { revisions } = await historyOf(service, ASSET);
    expect(revisions).toMatchObject([{ revision: 1, size: 3, message: null }]);
  });

  test("comes in pages", async () => {
    await using service = await startTestService();
    for (let gain = 1; gain <= 5; gain++) await service.saveConfig(MAC, { gain });
    const first = await historyOf(service, CONFIG, "?limit=2");
    const second = await historyOf(service, CONFIG, `?limit=2&cursor=${first.next_cursor}`);
    const third = await historyOf(service, CONFIG, `?limit=2&cursor=${second.next_cursor}`);
    const numbers = [first, second, third].map(({ revisions }) => revisions.map(({ revision }) => revision));
    expect(numbers).toEqual([[5, 4], [3, 2], [1]]);
    expect(third.next_cursor).toBeNull();
  });

  test("is as long as KEEP_REVISIONS says, and no longer", async () => {
    await using service = await startTestService({ keepRevisions: 2 });
    for (let gain = 1; gain <= 4; gain++) await service.saveConfig(MAC, { gain });
    const { revisions } = await historyOf(service, CONFIG);
    expect(revisions.map(({ revision }) => revision)).toEqual([4, 3]);
    await expectRefusal(await service.request("GET", `${CONFIG}/revisions/2`), 404, "RECORD_NOT_FOUND");
  });

  test("gives each revision's bytes, conditional and in ranges like the newest", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", "firmware one");
    await service.uploadAsset("plug.bin", "firmware two");
    const old = await service.request("GET", `${ASSET}/revisions/1`, { headers: { Range: "bytes=9-" } });
    expect([old.status, await old.text(), old.headers.get("x-revision")]).toEqual([206, "one", "1"]);
    await service.saveConfig(MAC, `{"gain":1.0}`);
    await service.saveConfig(MAC, `{"gain":2.0}`);
    const content = await service.request("GET", `${CONFIG}/revisions/1`);
    expect([await content.text(), content.headers.get("x-revision")]).toEqual([`{"gain":1.0}`, "1"]);
    const etag = content.headers.get("etag") ?? "";
    const same = await service.request("GET", `${CONFIG}/revisions/1`, {
      headers: { "If-None-Match": etag },
    });
    expect(same.status).toBe(304);
  });

  test("tells what changed, as a JSON Patch or as text", async () => {
    await using service = await startTestService();
    await service.saveConfig(MAC, `{"gain":1.0}`);
    await service.saveConfig(MAC, `{"gain":2.0}`);
    const patch = await service.request("GET", `${CONFIG}/revisions/2/diff`);
    expect(patch.headers.get("content-type")).toBe("application/json-patch+json");
    expect(await patch.text()).toBe(`[{"op":"replace","path":"/gain","value":2.0}]`);
    const back = await service.request("GET", `${CONFIG}/revisions/1/diff?against=2`);
    expect(await back.text()).toBe(`[{"op":"replace","path":"/gain","value":1.0}]`);
    const text = await service.request("GET", `${CONFIG}/revisions/2/diff?against=1`, {
      headers: { Accept: "text/plain" },
    });
    expect(text.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(await text.text()).toContain(`-  "gain": 1.0\n+  "gain": 2.0\n`);
  });

  test("gives a revision of an asset at both addresses that name it, the same and for ever", async () => {
    await using service = await startTestService({ keepRevisions: 2 });
    await service.uploadAsset("plug.bin", "firmware one");
    await service.uploadAsset("plug.bin", "firmware two");
    const addresses = [`${ASSET}/revisions/1`, `${ASSET}?revision=1`];
    for (const [method, body] of [
      ["GET", "one"],
      ["HEAD", ""],
    ] as const) {
      const [old, same] = await Promise.all(
        addresses.map((path) => service.request(method, path, { headers: { Range: "bytes=9-" } })),
      );
      expect([old?.status, await old?.text()]).toEqual([method === "GET" ? 206 : 200, body]);
      expect([same?.status, await same?.text()]).toEqual([method === "GET" ? 206 : 200, body]);
      for (const name of ["ETag", "X-Revision", "Content-Length", "Cache-Control"]) {
        expect([name, same?.headers.get(name)]).toEqual([name, old?.headers.get(name)]);
      }
      expect(same?.headers.get("Cache-Control")).toBe("max-age=31536000, immutable");
    }
    await service.uploadAsset("plug.bin", "firmware three");
    for (const path of addresses)
      await expectCode(await service.request("GET", path), 404, "RECORD_NOT_FOUND");
    for (const path of [`${ASSET}?revision=`, `${ASSET}?revision=two`]) {
      await expectCode(await service.request("GET", path), 400, "VALIDATION_FAILED");
    }
  });

  const wrong: readonly [path: string, status: number, code: string, field: RegExp][] = [
    [`${CONFIG}/revisions/0`, 400, "VALIDATION_FAILED", /^revision: /],
    [`${CONFIG}/revisions/one`, 400, "VALIDATION_FAILED", /^revision: /],
    [`${CONFIG}/revisions/3`, 404, "RECORD_NOT_FOUND", /revision 3/],
    [`${CONFIG}/revisions/2`, 404, "RECORD_NOT_FOUND", /is a delete/],
    [`${CONFIG}/revisions/1/diff`, 400, "VALIDATION_FAILED", /^against: is needed: revision 1 has none/],
    ["/api/configs/aa-bb-cc-dd-ee-00/revisions/1/diff", 404, "RECORD_NOT_FOUND", /revision 1 of config/],
    [`${CONFIG}/revisions/2/diff`, 404, "RECORD_NOT_FOUND", /revision 2/],
    [`${CONFIG}/revisions?limit=0`, 400, "VALIDATION_FAILED", /^limit: /],
    [`${CONFIG}/revisions?cursor=x`, 400, "VALIDATION_FAILED", /^cursor: /],
    ["/api/configs/porch/revisions", 400, "INVALID_OPERATION", /^mac_address: /],
    ["/api/configs/aa-bb-cc-dd-ee-00/revisions", 404, "RECORD_NOT_FOUND", /there is no config/],
    ["/api/assets/none.bin/revisions", 404, "RECORD_NOT_FOUND", /there is no asset/],
    ["/api/assets/none.bin/revisions/1", 404, "RECORD_NOT_FOUND", /revision 1 of asset/],
  ];
  test("refuses what it cannot give, saying why", async () => {
    await using service = await startTestService();
    await service.saveConfig(MAC, {});
    await service.deleteConfig(MAC);
    for (const [path, status, code, field] of wrong) {
      const { error } = await expectRefusal(await service.request("GET", path), status, code);
      expect(error).toMatch(field);
    }
  });
});

describe("a rollback", () => {
  test("is a new revision with the old content, and announced", async () => {
    await using broker = await startBroker();
    await using announced = await broker.subscribe("iotsupport/updates/#");
    await using service = await startTestService({ mqtt: broker.mqtt });
    await service.saveConfig(MAC, `{"deviceName":"porch","gain":1.0}`);
    await service.saveConfig(MAC, `{"deviceName":"cellar"}`);
    const response = await rollBack(service, CONFIG, { to: 1 });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(
      `{"mac_address":"${MAC}","device_name":"porch","device_entity_id":null,"enable_ota":null,"content":{"deviceName":"porch","gain":1.0}}`,
    );
    expect(await service.fetchConfig(MAC)).toMatchObject({
      revision: 3,
      text: `{"deviceName":"porch","gain":1.0}`,
    });
    const heard = await announced.collect("the rollback", (all) => all.at(-1)?.revision === "3");
    expect(heard.at(-1)?.payload).toBe(`{"filename":"${MAC}.json"}`);
    const { revisions } = await historyOf(service, CONFIG);
    expect(revisions[0]?.message).toBe("rollback to revision 1");
  });

  test("of an asset names the old blob again, and can itself be rolled back", async () => {
    await using service = await startTestService({ keepRevisions: 3 });
    await service.uploadAsset("plug.bin", "one");
    await service.uploadAsset("plug.bin", "two");
    expect((await rollBack(service, ASSET, { to: 1, message: "two bricks" })).status).toBe(200);
    expect((await service.fetchAsset("plug.bin")).bytes.toString()).toBe("one");
    expect((await rollBack(service, ASSET, { to: 2 })).status).toBe(200);
    expect(await service.fetchAsset("plug.bin")).toMatchObject({ revision: 4, bytes: Buffer.from("two") });
  });

  test("brings a deleted file back", async () => {
    await using service = await startTestService();
    await service.saveConfig(MAC, { gain: 1 });
    await service.deleteConfig(MAC);
    expect((await rollBack(service, CONFIG, { to: 1 })).status).toBe(200);
    expect(await service.listConfigs()).toEqual([MAC]);
  });

  test("obeys If-Match", async () => {
    await using service = await startTestService();
    const { etag } = await service.saveConfig(MAC, { gain: 1 });
    await service.saveConfig(MAC, { gain: 2 });
    const refused = await rollBack(service, CONFIG, { to: 1 }, { "If-Match": etag });
    await expectRefusal(refused, 412, "PRECONDITION_FAILED");
    expect((await service.fetchConfig(MAC)).text).toBe(`{"gain":2}`);
  });

  test("of an asset obeys If-Match, also where it is deleted", async () => {
    await using service = await startTestService();
    const { etag: one } = await service.uploadAsset("plug.bin", "one");
    const { etag: two } = await service.uploadAsset("plug.bin", "two");
    const refused = await rollBack(service, ASSET, { to: 1 }, { "If-Match": one });
    await expectRefusal(refused, 412, "PRECONDITION_FAILED");
    expect(await service.fetchAsset("plug.bin")).toMatchObject({ revision: 2, bytes: Buffer.from("two") });
    expect((await rollBack(service, ASSET, { to: 1 }, { "If-Match": two })).status).toBe(200);
    await service.request("DELETE", ASSET);
    const late = await rollBack(service, ASSET, { to: 1 }, { "If-Match": "*" });
    await expectRefusal(late, 412, "PRECONDITION_FAILED");
  });

  test("made by a hundred at once takes a revision each, and every one of them is whole", async () => {
    await using service = await startTestService({ keepRevisions: 0 });
    await service.uploadAsset("plug.bin", "one");
    await service.uploadAsset("plug.bin", "two");
    const answered: number[] = [];
    const targets = Array.from({ length: 100 }, (_, at) => (at % 2) + 1);
    await atOnce(100, targets, async (to) => {
      const response = await rollBack(service, ASSET, { to });
      answered.push(Number(response.headers.get("x-revision")));
    });
    expect(answered.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, at) => at + 3));
    const { revisions } = await historyOf(service, ASSET, "?limit=1000");
    for (const { revision, message } of revisions.slice(0, 100)) {
      const bytes = await (await service.request("GET", `${ASSET}/revisions/${revision}`)).text();
      expect(message).toBe(`rollback to revision ${bytes === "one" ? 1 : 2}`);
    }
  });

  const wrong: readonly [body: unknown, status: number, code: string, field: RegExp][] = [
    [{ to: 2 }, 404, "RECORD_NOT_FOUND", /is a delete/],
    [{ to: 3 }, 404, "RECORD_NOT_FOUND", /revision 3/],
    [{ to: 0 }, 400, "VALIDATION_FAILED", /^to: /],
    [{ to: "1" }, 400, "VALIDATION_FAILED", /^to: /],
    [{}, 400, "VALIDATION_FAILED", /^to: /],
    [[], 400, "VALIDATION_FAILED", /^(body|to): /],
    [{ to: 1, message: "x".repeat(501) }, 400, "VALIDATION_FAILED", /^message: /],
    [{ to: 1, message: "two\nlines" }, 400, "VALIDATION_FAILED", /^message: /],
  ];
  test("refuses what it cannot do, and changes nothing", async () => {
    await using service = await startTestService();
    await service.saveConfig(MAC, {});
    await service.deleteConfig(MAC);
    await service.uploadAsset("plug.bin", "one");
    await service.request("DELETE", ASSET);
    for (const path of [CONFIG, ASSET]) {
      for (const [body, status, code, field] of wrong) {
        const { error } = await expectRefusal(await rollBack(service, path, body), status, code);
        expect(error).toMatch(field);
      }
      expect((await historyOf(service, path)).revisions[0]?.revision).toBe(2);
    }
  });
});

interface Listed {
  readonly revisions: readonly {
    readonly revision: number;
    readonly sha256: string | null;
    readonly message: string | null;
  }[];
  readonly next_cursor: string | null;
}

async function historyOf(service: ServiceClient, path: string, query = ""): Promise<Listed> {
  const response = await service.request("GET", `${path}/revisions${query}`);
  expect(response.status).toBe(200);
  return JSON.parse(await response.text());
}

function rollBack(
  service: ServiceClient,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return service.request("POST", `${path}/rollback`, {
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

async function save(service: ServiceClient, body: string): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  expect((await service.request("PUT", CONFIG, { headers, body })).status).toBe(200);
}
