import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { limitReceiveBuffer } from "../../simulate/receive-buffer.ts";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { openRaw } from "../support/raw-http.ts";
import { expectRefusal } from "../support/refusal.ts";
import { startTestService } from "../support/service.ts";
import type { ServiceClient } from "../support/service-client.ts";

const MAC = "aa-bb-cc-dd-ee-ff";
const CONFIG = `${MAC}.json`;
/** More than the buffers of both ends hold, which acknowledge what nobody has read. */
const FIRMWARE = Buffer.alloc(30_000_000, "firmware ");
const HOUR_MS = 3_600_000;

describe("a device", () => {
  test("that was never here has its config waiting for it, or was told of it", async () => {
    await using broker = await startBroker();
    await using service = await startTestService({ mqtt: broker.mqtt });
    await using alone = await startTestService();
    for (const each of [service, alone]) await each.saveConfig(MAC, {});
    expect(await fileOf(alone, CONFIG)).toMatchObject({
      state: "waiting",
      revision: null,
      wanted_revision: 1,
    });
    await until("it is announced", async () => (await fileOf(service, CONFIG)).state === "told");
    expect(await deviceOf(service)).toMatchObject({ last_seen: null, address: null, configured: true });
  });

  test("that fetched its config has it once its own TCP says so", async () => {
    await using service = await startTestService();
    await service.saveConfig(MAC, {});
    await service.fetchConfig(MAC);
    await untilState(service, CONFIG, "fetched");
    expect(await deviceOf(service)).toMatchObject({ address: "127.0.0.1", configured: true });
    await service.saveConfig(MAC, {});
    expect(await fileOf(service, CONFIG)).toMatchObject({
      state: "waiting",
      revision: 1,
      wanted_revision: 2,
    });
  });

  test.each(["in good order", "with a reset"])(
    "that hangs up %s once it has its config has it",
    async (how) => {
      await using service = await startTestService();
      await service.saveConfig(MAC, {});
      const { hostname, port } = new URL(service.url);
      const socket = connect(Number(port), hostname, () => {
        socket.write(`GET /api/configs/${CONFIG} HTTP/1.1\r\nHost: a\r\n\r\n`);
        socket.once("data", () => (how === "with a reset" ? socket.resetAndDestroy() : socket.end()));
      });
      await untilState(service, CONFIG, "fetched");
    },
  );

  test("has not fetched what an operator looks at in its history", async () => {
    await using service = await startTestService();
    const { etag } = await service.saveConfig(MAC, {});
    for (const headers of [{}, { "If-None-Match": etag }, { "If-None-Match": "*" }]) {
      await (await service.request("GET", `/api/configs/${MAC}/revisions/1`, { headers })).text();
    }
    await seenToHave(service, "later.bin"); // What was seen of the config by then is kept too.
    expect(await fileOf(service, CONFIG)).toMatchObject({ state: "waiting", revision: null });
  });

  test.each([
    { Origin: "https://foreign.example" },
    { "Sec-Fetch-Site": "cross-site" },
    { "Sec-Fetch-Site": "same-site" },
  ])("has not fetched what a page elsewhere has a browser fetch: %p", async (headers) => {
    await using service = await startTestService();
    await service.saveConfig(MAC, {});
    await service.uploadAsset("plug.bin", "firmware");
    const unknown = "aa-bb-cc-dd-ee-00";
    const paths = [
      `configs/${CONFIG}`,
      `assets/plug.bin?mac=${MAC}`,
      `configs/${unknown}.json`,
      `devices/${unknown}/manifests/plug.bin.json`,
    ];
    for (const path of [...paths, ...paths]) {
      await (await service.request("GET", `/api/${path}`, { headers })).text();
    }
    await seenToHave(service, "later.bin"); // What was seen of the others by then is kept too.
    expect(await fileOf(service, CONFIG)).toMatchObject({ state: "waiting", revision: null });
    expect((await fileOf(service, "plug.bin")).state).toBe("unknown");
    expect((await listed(service)).map(({ mac_address }) => mac_address)).toEqual([MAC]);
  });

  test("that hears 304 has just that revision", async () => {
    await using service = await startTestService();
    await service.saveConfig(MAC, {});
    const etag = (await service.fetchConfig(MAC)).etag;
    await service.saveConfig(MAC, { other: true });
    await service.saveConfig(MAC, {});
    const response = await service.request("GET", `/api/configs/${CONFIG}`, {
      headers: { "If-None-Match": etag },
    });
    expect(response.status).toBe(304);
    await untilState(service, CONFIG, "fetched");
    expect((await fileOf(service, CONFIG)).revision).toBe(3);
  });

  test("that hears 304 for a star has no certain revision", async () => {
    await using service = await startTestService();
    await service.saveConfig(MAC, {});
    await service.uploadAsset("plug.bin", "firmware");
    for (const path of [`configs/${CONFIG}`, `assets/plug.bin?mac=${MAC}`]) {
      for (const method of ["GET", "HEAD"]) {
        const headers = { "If-None-Match": "*" };
        expect((await service.request(method, `/api/${path}`, { headers })).status).toBe(304);
      }
    }
    await seenToHave(service, "later.bin"); // What was seen of the others by then is kept too.
    expect(await fileOf(service, CONFIG)).toMatchObject({ state: "waiting", revision: null });
    expect((await fileOf(service, "plug.bin")).state).toBe("unknown");
  });

  test("that asks by HEAD whether there is another has what it names", async () => {
    await using service = await startTestService();
    const { etag } = await service.uploadAsset("plug.bin", "firmware");
    const path = `/api/assets/plug.bin?mac=${MAC}`;
    expect((await service.request("HEAD", path)).status).toBe(200);
    const headers = { "If-None-Match": etag };
    expect((await service.request("HEAD", path, { headers })).status).toBe(304);
    await untilState(service, "plug.bin", "fetched");
  });

  test("is never said to have a download that it does not read", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", FIRMWARE);
    using stuck = await openRaw(service.url);
    stuck.stopReading();
    await stuck.send(`GET /api/assets/plug.bin?mac=${MAC} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await untilState(service, "plug.bin", "fetching");
    await seenToHave(service, "later.bin"); // What was seen of the other by then is kept too.
    expect(await fileOf(service, "plug.bin")).toMatchObject({
      state: "fetching",
      percent: null,
      revision: null,
    });
  });

  test.each([
    ["far larger than", FIRMWARE],
    ["small enough for", FIRMWARE.subarray(0, 1_000_000)],
  ])("that hangs up half-way has been interrupted, with a file %s the kernel's buffers", async (_, bytes) => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", bytes);
    const { hostname, port } = new URL(service.url);
    await Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        open(socket) {
          limitReceiveBuffer(socket);
          socket.write(`GET /api/assets/plug.bin?mac=${MAC} HTTP/1.1\r\nHost: a\r\n\r\n`);
        },
        data: (socket) => void socket.terminate(),
      },
    });
    await untilState(service, "plug.bin", "interrupted");
    expect((await fileOf(service, "plug.bin")).revision).toBeNull();
  });

  test("that comes in ranges shows how far it is, and has it at the last", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", FIRMWARE);
    const range = (bytes: string) =>
      service.request("GET", `/api/assets/plug.bin?mac=${MAC}`, { headers: { Range: `bytes=${bytes}` } });
    await (await range("0-9999999")).arrayBuffer();
    await until("a third has arrived", async () => (await fileOf(service, "plug.bin"))?.percent === 33);
    await (await range("10000000-19999999")).arrayBuffer();
    await (await range("20000000-")).arrayBuffer();
    await untilState(service, "plug.bin", "fetched");
    expect((await fileOf(service, "plug.bin")).revision).toBe(1);
  });

  test("that is quick with many small ranges has all of them", async () => {
    await using service = await startTestService();
    const [parts, partBytes] = [128, 65_536];
    await service.uploadAsset("plug.bin", Buffer.alloc(parts * partBytes, "firmware "));
    for (let at = 0; at < parts; at++) {
      const Range = `bytes=${at * partBytes}-${(at + 1) * partBytes - 1}`;
      const part = await service.request("GET", `/api/assets/plug.bin?mac=${MAC}`, { headers: { Range } });
      expect((await part.arrayBuffer()).byteLength).toBe(partBytes);
    }
    await untilState(service, "plug.bin", "fetched");
  });

  test("is known by what Arduino's updaters say of it", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", "firmware");
    const headers = { "x-ESP32-STA-MAC": "AA:BB:CC:DD:EE:FF" };
    await (await service.request("GET", "/api/assets/plug.bin", { headers })).arrayBuffer();
    await untilState(service, "plug.bin", "fetched");
    expect(await fileOf(service, "plug.bin")).toMatchObject({ guessed: false });
  });

  test("that says nothing of itself is guessed by the address that it came from", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", "firmware");
    await service.saveConfig(MAC, {});
    await service.fetchConfig(MAC);
    await untilState(service, CONFIG, "fetched");
    await service.fetchAsset("plug.bin");
    await untilState(service, "plug.bin", "fetched");
    expect(await fileOf(service, "plug.bin")).toMatchObject({ guessed: true });
  });

  test("that comes for its config and at once for its firmware is guessed to be the same", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", "firmware");
    await service.saveConfig(MAC, {});
    await service.fetchConfig(MAC);
    await service.fetchAsset("plug.bin");
    await untilState(service, "plug.bin", "fetched");
  });

  test("that comes again later is alive; that stays away for longer than ever is silent", async () => {
    let passedMs = 0;
    const service = await startTestService({}, () => new Date(Date.now() + passedMs));
    await using _service = service;
    await service.saveConfig(MAC, {});
    await service.fetchConfig(MAC);
    await untilState(service, CONFIG, "fetched");
    passedMs += HOUR_MS;
    await service.fetchConfig(MAC);
    await untilState(service, CONFIG, "alive");
    await service.saveConfig(MAC, { other: true });
    passedMs += 4 * HOUR_MS;
    expect((await fileOf(service, CONFIG)).state).toBe("silent");
  });

  test("is alive with all its files, whichever it came for, and to whom asks for the fleet too", async () => {
    let passedMs = 0;
    await using service = await startTestService({}, () => new Date(Date.now() + passedMs));
    await service.saveConfig(MAC, {});
    await service.uploadAsset("plug.bin", "firmware");
    await (await service.request("GET", `/api/assets/plug.bin?mac=${MAC}`)).arrayBuffer();
    await untilState(service, "plug.bin", "fetched");
    passedMs += 30 * HOUR_MS;
    await until("it is missed", async () => (await convergenceOf(service)).states["silent"] === 1);
    await service.fetchConfig(MAC);
    await untilState(service, "plug.bin", "alive");
    await until("all say so", async () => (await convergenceOf(service)).states["alive"] === 1);
    expect((await listed(service, "?file=plug.bin&state=alive")).length).toBe(1);
  });

  test("that gives up is interrupted, also over a restart of the service", async () => {
    let passedMs = 0;
    const now = () => new Date(Date.now() + passedMs);
    await using first = await startTestService({}, now);
    await first.uploadAsset("plug.bin", FIRMWARE);
    using stuck = await openRaw(first.url);
    stuck.stopReading();
    await stuck.send(`GET /api/assets/plug.bin?mac=${MAC} HTTP/1.1\r\nHost: a\r\n\r\n`);
    await untilState(first, "plug.bin", "fetching");
    passedMs += 241_000;
    expect((await fileOf(first, "plug.bin")).state).toBe("interrupted");
    await until("it is found by it", async () => (await listed(first, "?state=interrupted")).length === 1);
  });

  test("that fetches the same firmware again and again is looping", async () => {
    await using service = await startTestService();
    await service.uploadAsset("plug.bin", "firmware");
    for (let time = 1; time <= 3; time++) {
      await (await service.request("GET", `/api/assets/plug.bin?mac=${MAC}`)).arrayBuffer();
      await seenToHave(service, `${time}.bin`); // Apart, as each is kept: the same again at once would be one.
    }
    await untilState(service, "plug.bin", "looping");
  });

  test("that went back is so until there is a newer revision, in every view; also with the one after that", async () => {
    let passedMs = 0;
    await using service = await startTestService({}, () => new Date(Date.now() + passedMs));
    const has = async () => ({
      shown: (await fileOf(service, "plug.bin")).state,
      counted: (await convergenceOf(service)).states,
    });
    const fetch = async () => (await service.request("GET", `/api/assets/plug.bin?mac=${MAC}`)).arrayBuffer();
    for (const bytes of ["1", "2"]) await service.uploadAsset("plug.bin", bytes);
    const headers = { "Content-Type": "application/json" };
    const body = `{"running":{"plug.bin":"${new Bun.CryptoHasher("sha256").update("1").digest("hex")}"}}`;
    for (const bytes of ["3", "4"]) {
      await fetch();
      await untilState(service, "plug.bin", "fetched");
      await service.request("POST", `/api/devices/${MAC}/checkin`, { headers, body });
      await untilState(service, "plug.bin", "reverted");
      expect(await has()).toEqual({ shown: "reverted", counted: { reverted: 1 } });
      await service.uploadAsset("plug.bin", bytes);
      expect(await has()).toEqual({ shown: "waiting", counted: { waiting: 1 } });
      passedMs += 120_000;
    }
  });

  test("without a config is one to be configured, and may be forgotten", async () => {
    await using service = await startTestService({ maxUnknownDevices: 2 });
    const macs = ["00", "01", "02"].map((end) => `aa-bb-cc-dd-ee-${end}`);
    for (const mac of macs) {
      await service.request("GET", `/api/configs/${mac}.json`);
      await until("it is known", async () => (await listed(service, `?q=${mac}`)).length === 1);
    }
    expect((await listed(service)).map(({ mac_address }) => mac_address)).toEqual(macs.slice(1));
    const path = `/api/devices/${macs[1]}`;
    expect((await service.request("DELETE", path)).status).toBe(204);
    await expectRefusal(await service.request("GET", path), 404, "RECORD_NOT_FOUND");
  });

  test("that anybody has made up takes the place of another such, and of none that has a config or a name", async () => {
    await using service = await startTestService({ maxUnknownDevices: 1 });
    await service.uploadAsset("plug.bin", "plug");
    await service.saveConfig(MAC, {});
    const [named = "", ...madeUp] = ["00", "01", "02"].map((end) => `aa-bb-cc-dd-ee-${end}`);
    for (const mac of [MAC, named, ...madeUp]) {
      await (await service.request("GET", `/api/assets/plug.bin?mac=${mac}`)).arrayBuffer();
      await until("it is known", async () => (await listed(service, `?q=${mac}&file=plug.bin`)).length === 1);
      if (mac !== named) continue;
      const headers = { "Content-Type": "application/json" };
      await service.request("PATCH", `/api/devices/${mac}`, { headers, body: '{"name":"plug"}' });
    }
    const known = (await listed(service)).map(({ mac_address }) => mac_address);
    expect(known).toEqual([named, "aa-bb-cc-dd-ee-02", MAC]);
  });

  test("whose config is gone is one without, unless it has a name", async () => {
    await using service = await startTestService({ maxUnknownDevices: 2 });
    const macs = ["00", "01", "02", "03"].map((end) => `aa-bb-cc-dd-ee-${end}`);
    for (const mac of [MAC, ...macs]) await service.saveConfig(mac, {});
    const headers = { "Content-Type": "application/json" };
    await service.request("PATCH", `/api/devices/${MAC}`, { headers, body: '{"name":"plug"}' });
    await service.fetchConfig(macs[3] ?? "");
    for (const mac of [MAC, ...macs]) await service.deleteConfig(mac);
    await until("the others are forgotten", async () => (await listed(service)).length === 3);
    expect((await listed(service)).map(({ mac_address, configured }) => [mac_address, configured])).toEqual([
      [expect.any(String), false],
      [macs[3], false],
      [MAC, true],
    ]);
  });

  test("is called what its operator calls it", async () => {
    await using service = await startTestService();
    await service.saveConfig(MAC, {});
    const edit = (body: object) =>
      service.request("PATCH", `/api/devices/${MAC}`, {
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
    expect((await edit({ name: "porch", labels: { floor: "0" } })).status).toBe(200);
    await edit({ model: "plug" });
    expect(await deviceOf(service)).toMatchObject({ name: "porch", model: "plug", labels: { floor: "0" } });
    await edit({ name: null });
    expect(await deviceOf(service)).toMatchObject({ name: null, model: "plug" });
    expect((await listed(service, "?q=PLUG")).length).toBe(1);
    await expectRefusal(await edit({ colour: "red" }), 400, "VALIDATION_FAILED");
    await expectRefusal(await edit({ name: 7 }), 400, "VALIDATION_FAILED");
  });
});

describe("the fleet", () => {
  test("converges: who has a file, how soon, and who is behind", async () => {
    await using broker = await startBroker();
    await using service = await startTestService({ mqtt: broker.mqtt });
    await service.uploadAsset("plug.bin", "one");
    const macs = Array.from({ length: 5 }, (_, at) => `aa-bb-cc-dd-ee-0${at}`);
    for (const mac of macs)
      await (await service.request("GET", `/api/assets/plug.bin?mac=${mac}`)).arrayBuffer();
    await until("all five have it", async () => (await convergenceOf(service)).states["fetched"] === 5);
    await service.uploadAsset("plug.bin", "two");
    for (const mac of macs.slice(0, 2)) {
      await (await service.request("GET", `/api/assets/plug.bin?mac=${mac}`)).arrayBuffer();
    }
    await until("two have the next", async () => (await convergenceOf(service)).states["fetched"] === 2);
    const converged: unknown = await convergenceOf(service);
    expect(converged).toEqual({
      file: "plug.bin",
      topic: "assets",
      revision: 2,
      announced_at: expect.any(String),
      devices: 5,
      states: { fetched: 2, told: 3 },
      seconds_to: { p50: expect.any(Number), p90: expect.any(Number), p99: expect.any(Number) },
      behind: macs.slice(2),
    });
    expect((await convergenceOf(service, "&revision=1")).behind).toEqual([]);
    expect((await listed(service, "?file=plug.bin&state=told")).map((each) => each.mac_address)).toEqual(
      macs.slice(2),
    );
  });

  test("is listed in pages, by address or by who was here last, to the last of those that never were", async () => {
    let passedMs = 0;
    await using service = await startTestService({}, () => new Date(Date.now() + passedMs));
    const macs = Array.from({ length: 5 }, (_, at) => `aa-bb-cc-dd-ee-0${at}`);
    for (const mac of macs) {
      await service.request("GET", `/api/configs/${mac}.json`);
      passedMs += 1_000;
    }
    const never = ["aa-bb-cc-dd-ee-10", "aa-bb-cc-dd-ee-11", "aa-bb-cc-dd-ee-12"];
    for (const mac of never) await service.saveConfig(mac, {});
    await until("all are known", async () => (await listed(service)).length === 8);
    for (const [sort, order] of [
      ["mac", [...macs, ...never]],
      ["last_seen", [...macs.toReversed(), ...never]],
    ] as const) {
      const seen: string[] = [];
      for (let cursor: string | null = ""; cursor !== null; ) {
        const response = await service.request("GET", `/api/devices?sort=${sort}&limit=2${cursor}`);
        const page: { devices: Device[]; next_cursor: string | null } = JSON.parse(await response.text());
        seen.push(...page.devices.map(({ mac_address }) => mac_address));
        cursor = page.next_cursor === null ? null : `&cursor=${page.next_cursor}`;
      }
      expect(seen).toEqual([...order]);
    }
  });

  test("is changed with a line in the log, as all else is", async () => {
    await using service = await startTestService();
    await service.saveConfig(MAC, {});
    const change = async (method: string, path: string, body: object) =>
      (
        await service.request(method, path, {
          headers: { "Content-Type": "application/json", "X-Request-Id": "by-hand" },
          body: JSON.stringify(body),
        })
      ).status;
    expect(await change("PATCH", `/api/devices/${MAC}`, { name: "porch" })).toBe(200);
    expect(await change("POST", `/api/devices/${MAC}/nudge`, {})).toBe(202);
    expect(await change("POST", "/api/announcements", { file: CONFIG })).toBe(202);
    expect(await change("DELETE", `/api/devices/${MAC}`, {})).toBe(204);
    const lines = service.logged.filter((line) => line["requestId"] === "by-hand" && line["level"] === 30);
    expect(lines).toMatchObject([
      { msg: "device edited", mac: MAC },
      { msg: "device nudged", mac: MAC },
      { msg: "file announced again", topic: "configs", filename: CONFIG },
      { msg: "device forgotten", mac: MAC },
    ]);
  });

  test("is told again of what has not changed", async () => {
    await using broker = await startBroker();
    await using announced = await broker.subscribe("iotsupport/updates/#");
    await using service = await startTestService({ mqtt: broker.mqtt });
    await service.saveConfig(MAC, {});
    expect(await announced.next()).toEqual({ filename: CONFIG });
    expect((await service.request("POST", `/api/devices/${MAC}/nudge`)).status).toBe(202);
    expect(await announced.nextMessage()).toMatchObject({
      payload: `{"filename":"${CONFIG}"}`,
      revision: "1",
    });
    const announce = (body: object) =>
      service.request("POST", "/api/announcements", {
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
    expect((await announce({ file: CONFIG })).status).toBe(202);
    expect(await announced.next()).toEqual({ filename: CONFIG });
    await expectRefusal(await announce({ file: "none.bin" }), 404, "RECORD_NOT_FOUND");
    await service.uploadAsset(CONFIG, "an asset of that name");
    await announced.next();
    await expectRefusal(await announce({ file: CONFIG }), 400, "VALIDATION_FAILED");
    expect((await announce({ file: CONFIG, topic: "assets" })).status).toBe(202);
    expect(await announced.nextMessage()).toMatchObject({ topic: "iotsupport/updates/assets" });
  });
});

interface File {
  readonly file: string;
  readonly state: string;
  readonly percent: number | null;
  readonly revision: number | null;
}

interface Device {
  readonly mac_address: string;
  readonly configured: boolean;
  readonly files: readonly File[];
}

async function deviceOf(service: ServiceClient): Promise<Device> {
  return JSON.parse(await (await service.request("GET", `/api/devices/${MAC}`)).text());
}

async function fileOf(service: ServiceClient, name: string): Promise<File> {
  const found = (await deviceOf(service)).files?.find(({ file }) => file === name);
  return found ?? { file: name, state: "unknown", percent: null, revision: null };
}

async function untilState(service: ServiceClient, name: string, state: string): Promise<void> {
  await until(`${name} is ${state}`, async () => (await fileOf(service, name)).state === state);
}

/** Lets the device fetch another file, and waits until that is kept. */
async function seenToHave(service: ServiceClient, name: string): Promise<void> {
  await service.uploadAsset(name, name);
  await (await service.request("GET", `/api/assets/${name}?mac=${MAC}`)).arrayBuffer();
  await untilState(service, name, "fetched");
}

async function listed(service: ServiceClient, query = ""): Promise<Device[]> {
  return JSON.parse(await (await service.request("GET", `/api/devices${query}`)).text()).devices;
}

interface Convergence {
  readonly states: Readonly<Record<string, number>>;
  readonly behind: readonly string[];
}

async function convergenceOf(service: ServiceClient, more = ""): Promise<Convergence> {
  return JSON.parse(await (await service.request("GET", `/api/convergence?file=plug.bin${more}`)).text());
}
