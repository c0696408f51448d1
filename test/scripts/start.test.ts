import { expect, test } from "bun:test";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { connect as connectTcp, createServer } from "node:net";
import { join } from "node:path";
import { connect, connectAsync, type IConnackPacket, type MqttClient } from "mqtt";
import { until, within } from "../support/deadline.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import { gone, NOTHING_SET, type NpmStart, npmStart, paste, run } from "./npm-start.ts";

/** One Ctrl-C comes several times; what comes later than this is another one (scripts/stop-signals.mjs). */
const LONGER_THAN_A_BURST_MS = 550;
const HALF_A_SAVE = `PUT /api/configs/aa-bb-cc-dd-ee-ff HTTP/1.1
Host: localhost
Content-Type: application/json
Content-Length: 15

{"content"`.replaceAll("\n", "\r\n");
const CONFIGS = "iotsupport/updates/configs";

test("the lines that npm start prints, pasted, show a save and an upload announced, and both fetched", async () => {
  await using dir = await tempDir();
  await using start = await npmStart(dir, NOTHING_SET);
  const [listen = "", ...change] = start.linesToPaste;
  const inSession = `${listen} -c -i pasted -q 1`;
  await paste(`${inSession} -E`); // Ends once subscribed; its session then keeps what comes.
  const answers = await paste(change.join("\n").replaceAll("/tmp/firmware.bin", `${dir.path}/firmware.bin`));
  expect(answers).toContain('{"deviceName": "porch"}');
  expect(answers).toEndWith("the same\n");
  const announced = await paste(`${inSession} -C 2 -W 5`);
  expect(announced.split("\n").sort()).toEqual([
    "",
    'iotsupport/updates/assets {"filename":"firmware.bin"}',
    'iotsupport/updates/configs {"filename":"aa-bb-cc-dd-ee-ff.json"}',
  ]);
});

test("the service alone may announce, a device may only listen there, and nobody comes without a password", async () => {
  await using dir = await tempDir();
  await using start = await npmStart(dir);
  const [service, device] = [await loggedIn(start, "iotsupport"), await loggedIn(start, "device")];
  const heard = nextTopic(device);
  await device.subscribeAsync("#", { qos: 1 });

  const notAuthorized = { code: 135 };
  await expect(device.publishAsync(CONFIGS, "", { qos: 1 })).rejects.toMatchObject(notAuthorized);
  await expect(device.publishAsync("else", "", { qos: 1 })).rejects.toMatchObject(notAuthorized);
  await expect(service.publishAsync("else", "", { qos: 1 })).rejects.toMatchObject(notAuthorized);
  await service.publishAsync(CONFIGS, "", { qos: 1 });
  expect(await heard).toBe(CONFIGS);

  const url = await start.brokerUrl();
  const options = { protocolVersion: 5, reconnectPeriod: 0 } as const;
  const wrong = connectAsync(url, { ...options, username: "device", password: "wrong" });
  await expect(wrong).rejects.toMatchObject(notAuthorized);
  await expect(connectAsync(url, options)).rejects.toMatchObject(notAuthorized);
  await Promise.all([service.endAsync(), device.endAsync()]);
});

test("the broker takes far more than 20 publishes at once", async () => {
  await using dir = await tempDir();
  await using start = await npmStart(dir);
  const client = connect(await start.brokerUrl(), {
    ...{ protocolVersion: 5, username: "device", password: await start.password("device") },
  });
  const connack = await connected(client);
  expect(connack.properties?.receiveMaximum).toBe(1000);
  await client.endAsync();
});

test("passwords and keys are readable by their owner alone", async () => {
  await using dir = await tempDir();
  await using start = await npmStart(dir, NOTHING_SET);
  const secrets = ["mqtt-password", "device-password", "signing-key.pem", "signing-key.pub.pem"];
  const paths = [...secrets.map((name) => `secrets/${name}`), "broker/passwords", "broker/mosquitto.conf"];
  for (const path of paths) {
    const { mode } = await stat(join(start.dataDir, path));
    expect([path, (mode & 0o777).toString(8)]).toEqual([path, "600"]);
  }
});

test("a second start is there within 2 s, with the same passwords, data and sessions", async () => {
  await using dir = await tempDir();
  const first = await npmStart(dir);
  const password = await first.password("device");
  const session = { clientId: "porch", clean: false, properties: { sessionExpiryInterval: 3600 } };
  const device = await loggedIn(first, "device", session);
  await device.subscribeAsync(CONFIGS, { qos: 1 });
  await device.endAsync();
  await save(first, "aa-bb-cc-dd-ee-ff");
  first.signal("SIGTERM");
  expect(await first.ended()).toBe(0);

  const before = performance.now();
  await using second = await npmStart(dir);
  expect(performance.now() - before).toBeLessThan(2000);
  expect(await second.password("device")).toBe(password);
  expect((await fetch(`${second.url}/api/configs/aa-bb-cc-dd-ee-ff.json`)).status).toBe(200);
  const back = connect(await second.brokerUrl(), {
    ...{ protocolVersion: 5, username: "device", password, ...session },
  });
  expect(await nextTopic(back)).toBe(CONFIGS);
  await back.endAsync();
});

for (const to of ["itself", "group"] as const) {
  test(`SIGINT to ${to === "group" ? "the whole process group, as at Ctrl-C," : "npm start"} ends the service in order, then the broker`, async () => {
    await using dir = await tempDir();
    await using start = await npmStart(dir);
    const children = await start.children();
    await until("it is connected", () => isConnected(start), 10_000);
    start.signal("SIGINT", to);
    start.signal("SIGINT"); // npm passes it on once more.
    expect(await start.ended()).toBe(0);
    await gone(children);
    const log = await readFile(join(start.dataDir, "broker.log"), "utf8");
    const client = / as (\S+) \(.*u'iotsupport'\)/.exec(log)?.[1];
    expect(log).toContain(`Client ${client} disconnected.`); // That is, it said DISCONNECT.
  });
}

test("a second Ctrl-C ends a service at once that is still waiting for a request's rest", async () => {
  await using dir = await tempDir();
  await using start = await npmStart(dir);
  const half = connectTcp(start.port, "127.0.0.1");
  half.on("error", () => undefined); // It is cut off in the end.
  half.write(HALF_A_SAVE);
  await save(start, "aa-bb-cc-dd-ee-ff"); // By now the service has read the half request as well.
  start.signal("SIGINT", "group");
  await start.said.line(/"msg":"stopping"/);
  await Bun.sleep(LONGER_THAN_A_BURST_MS);
  start.signal("SIGINT", "group");
  expect(await start.ended()).not.toBe(0);
  half.destroy();
});

test("a start after one that was killed ends what that left behind", async () => {
  await using dir = await tempDir();
  const killed = await npmStart(dir);
  const leftBehind = await killed.children();
  killed.signal("SIGKILL");
  await killed.ended();
  await using next = await npmStart(dir, { PORT: String(killed.port) });
  await gone(leftBehind);
  expect(next.said.matching(/left behind/)).toHaveLength(2);
});

test("a second npm start on one data directory leaves the first alone", async () => {
  await using dir = await tempDir();
  await using first = await npmStart(dir);
  const second = await run("start.mjs", [], { DATA_DIR: first.dataDir, PORT: String(first.port + 1) });
  expect(second.exitCode).toBe(1);
  expect(second.said.join("\n")).toContain("already (process");
  await save(first, "aa-bb-cc-dd-ee-ff");
});

test("a broker that is killed comes back, and announcements with it", async () => {
  await using dir = await tempDir();
  await using start = await npmStart(dir);
  const [broker] = await start.children();
  process.kill(broker ?? 0, "SIGKILL");
  await start.said.line(/^The broker ended by itself .* Starting it again\.$/);
  const password = await start.password("device");
  const device = connect(await start.brokerUrl(), {
    ...{ protocolVersion: 5, username: "device", password, reconnectPeriod: 20 },
  });
  device.on("error", () => undefined); // Refused until the broker is back.
  const heard = nextTopic(device);
  await connected(device);
  await device.subscribeAsync(CONFIGS, { qos: 1 });
  await save(start, "aa-bb-cc-dd-ee-ff");
  expect(await heard).toBe(CONFIGS);
  await device.endAsync();
});

test("where 1883 is taken, the broker takes a free port and says so", async () => {
  await using dir = await tempDir();
  const other = createServer();
  const isTaken = once(other, "listening").catch(({ code }) => expect(code).toBe("EADDRINUSE")); // By somebody else, then.
  other.listen(1883, "127.0.0.1");
  await isTaken;
  await using start = await npmStart(dir);
  await start.said.line(/^Port 1883 is taken, so our broker listens on \d+\.$/);
  expect(await start.brokerUrl()).not.toEndWith(":1883");
  other.close();
});

test("with MQTT_URL empty there is no broker, and all else works", async () => {
  await using dir = await tempDir();
  await using start = await npmStart(dir, { MQTT_URL: "" });
  expect(start.said.matching(/broker {3}none/)).toHaveLength(1);
  expect(start.linesToPaste.join("\n")).not.toContain("mosquitto_sub");
  expect(await start.children()).toHaveLength(1);
  await save(start, "aa-bb-cc-dd-ee-ff");
});

test("with MQTT_URL set the service is given that broker, and no other is started", async () => {
  await using dir = await tempDir();
  await using theirs = await npmStart(dir);
  await using dirOfOurs = await tempDir();
  await using ours = await npmStart(dirOfOurs, {
    MQTT_URL: await theirs.brokerUrl(),
    MQTT_USERNAME: "iotsupport",
    MQTT_PASSWORD: await theirs.password("mqtt"),
  });
  expect(await ours.children()).toHaveLength(1);
  const device = await loggedIn(theirs, "device");
  const heard = nextTopic(device);
  await device.subscribeAsync(CONFIGS, { qos: 1 });
  await save(ours, "aa-bb-cc-dd-ee-ff");
  expect(await heard).toBe(CONFIGS);
  await device.endAsync();
});

test("a taken HTTP port is one message and exit code 1, and nothing stays", async () => {
  await using dir = await tempDir();
  await using other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { exitCode, said } = await failed(dir, { PORT: String(other.port) });
  expect(exitCode).toBe(1);
  expect(said).toHaveLength(1);
  expect(said[0]).toStartWith(`Port ${other.port} on 127.0.0.1 is taken.`);
});

test("a wrong setting is told by the service, whose exit code is passed on", async () => {
  await using dir = await tempDir();
  const { exitCode, said } = await failed(dir, { PORT: "many" });
  expect(exitCode).toBe(2);
  expect(said.join("\n")).toContain("PORT");
});

test("a data directory that cannot be written is one message and exit code 1", async () => {
  const { exitCode, said } = await run("start.mjs", [], { DATA_DIR: "/dev/null/data" });
  expect(exitCode).toBe(1);
  expect(said).toHaveLength(1);
  expect(said[0]).toStartWith("DATA_DIR /dev/null/data cannot be written to");
});

test("an unknown option is told, with what there is, and exit code 2", async () => {
  const { exitCode, said } = await run("start.mjs", ["--wan"]);
  expect(exitCode).toBe(2);
  expect(said[0]).toContain("--wan");
  expect(said.join("\n")).toContain("--lan");
});

test("--help tells of the options and starts nothing", async () => {
  expect(await run("start.mjs", ["--help"])).toMatchObject({ exitCode: 0 });
});

function failed(dir: TempDir, env: Readonly<Record<string, string>>) {
  return run("start.mjs", [], { DATA_DIR: join(dir.path, "data"), ...env });
}

async function isConnected(start: NpmStart): Promise<boolean> {
  const health = await (await fetch(`${start.url}/api/health`)).text();
  return health.includes('"mqtt":"connected"');
}

async function save(start: NpmStart, mac: string): Promise<void> {
  const { status } = await fetch(`${start.url}/api/configs/${mac}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: '{"content": {}}',
  });
  expect(status).toBe(200);
}

async function loggedIn(
  start: NpmStart,
  username: "iotsupport" | "device",
  options = {},
): Promise<MqttClient> {
  const password = await start.password(username === "device" ? "device" : "mqtt");
  return connectAsync(await start.brokerUrl(), { protocolVersion: 5, username, password, ...options });
}

function nextTopic(client: MqttClient): Promise<string> {
  const heard = new Promise<string>((resolve) => client.once("message", resolve));
  return within(5_000, "a message", heard);
}

function connected(client: MqttClient): Promise<IConnackPacket> {
  const connack = new Promise<IConnackPacket>((resolve) => client.once("connect", resolve));
  return within(5_000, "a connection to the broker", connack);
}
