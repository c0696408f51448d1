import { expect, test } from "bun:test";
import { connectAsync } from "mqtt";
import type { Message } from "../support/announcement-watcher.ts";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { startLink } from "../support/link.ts";
import { atOnce, macs, percentile, timed } from "../support/load.ts";
import { startTestService, type TestService } from "../support/service.ts";

const CONFIGS = "iotsupport/updates/configs";
const ASSETS = "iotsupport/updates/assets";
const SAVES_TIMED = 200;
/** Below this, what a save takes is up to the machine's mood. */
const NOISE_MS = 10;
const BACK_WITHIN_MS = 2_000;

test("fault R2 saves don't notice a dead broker, and each file is announced once within 2 s of its return", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe(CONFIGS);
  await using link = await startLink(broker);
  await using service = await startTestService({ mqtt: link.mqtt, logLevel: "warn" });
  const files = macs(10_000);
  const usual = await timed(files.slice(0, SAVES_TIMED), (mac) => service.saveConfig(mac, { save: 1 }));
  await announced.collect("the first saves", (taken) => filesIn(taken).size === SAVES_TIMED);

  await link.cut();
  await broker.kill();
  const alone = await timed(files.slice(0, SAVES_TIMED), (mac) => service.saveConfig(mac, { save: 2 }));
  expect(percentile(99, alone)).toBeLessThan(2 * percentile(99, usual) + NOISE_MS);
  await atOnce(32, files, (mac) => service.saveConfig(mac, { save: 3 }));

  await broker.restart({ empty: true });
  await announced.upToNow();
  await link.restore();
  const back = performance.now();
  const all = await announced.collect("all files", (taken) => taken.length === files.length);
  expect(filesIn(all).size).toBe(files.length);
  expect(Number(all.at(-1)?.at) - back).toBeLessThan(BACK_WITHIN_MS);
  expect(await announced.upToNow()).toEqual([]);
}, 30_000);

test("fault R4 a broker that refuses the password is tried on; why is logged once; then all is announced", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe(CONFIGS);
  await using service = await startTestService({
    mqtt: { ...broker.mqtt, password: "later" },
    logLevel: "info",
  });
  const files = macs(20);
  await atOnce(4, files, (mac) => service.saveConfig(mac, {}));
  await until("three refusals", () => refusals() >= 3);
  expect(await service.health()).toMatchObject({
    status: "healthy",
    mqtt: "disconnected",
    pending_announcements: 20,
  });
  expect(warningsOf(service).filter((line) => /not authori[sz]ed/i.test(line))).toHaveLength(1);
  expect(warningsOf(service).join()).not.toContain("later");
  await broker.changePassword("later");
  const all = await announced.collect("all files", (taken) => taken.length === files.length);
  expect(filesIn(all).size).toBe(files.length);

  function refusals(): number {
    return broker.log.matching(/disconnected, not authorised/).length;
  }
}, 15_000);

test("fault R5 a connection that drops between PUBLISH and PUBACK: it is announced again, once", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe(CONFIGS);
  await using link = await startLink(broker);
  await using service = await startTestService({ mqtt: link.mqtt });
  const [mac = ""] = macs(1);
  const cut = link.cutBeforePuback();
  const { revision } = await service.saveConfig(mac, {});
  await cut;
  const twice = await announced.collect("it and its copy", (taken) => taken.length === 2);
  expect(twice.map((message) => message.revision)).toEqual([`${revision}`, `${revision}`]);
  await until("nothing waits", async () => (await service.health()).pending_announcements === 0);
  expect(await announced.upToNow()).toEqual([]);
});

test("fault R6 a broker that comes back empty is told the next announcement", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe(CONFIGS);
  await using service = await startTestService({ mqtt: broker.mqtt });
  const [before = "", after = ""] = macs(2);
  await service.saveConfig(before, {});
  expect(await announced.next()).toEqual({ filename: `${before}.json` });
  await until("nothing waits", async () => (await service.health()).pending_announcements === 0);
  await broker.kill();
  await broker.restart({ empty: true });
  await service.saveConfig(after, {});
  expect(await announced.next()).toEqual({ filename: `${after}.json` });
});

test("fault R6 a topic that the broker refuses holds up no other, and is announced once it is allowed", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe("iotsupport/updates/#");
  await broker.allowTopics("configs");
  await using service = await startTestService({ mqtt: broker.mqtt });
  await service.uploadAsset("a.bin", "a");
  await service.uploadAsset("b.bin", "b");
  const files = macs(10);
  for (const mac of files) {
    await service.saveConfig(mac, {});
    expect((await announced.nextMessage()).topic).toBe(CONFIGS);
  }
  expect(broker.connectionsOfService).toHaveLength(1);
  await until("only the assets wait", async () => (await service.health()).pending_announcements === 2);
  expect(warningsOf(service).filter((line) => /refuse/.test(line))).toHaveLength(1);
  await broker.allowTopics("#");
  const both = await announced.collect("both assets", (taken) => taken.length === 2);
  expect(both.map(({ topic }) => topic)).toEqual([ASSETS, ASSETS]);
}, 15_000);

test("fault R7 two services on one broker leave each other alone", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe(CONFIGS);
  await using one = await startTestService({ mqtt: broker.mqtt });
  await using two = await startTestService({ mqtt: broker.mqtt });
  const files = macs(20);
  for (const mac of files) {
    await Promise.all([one.saveConfig(mac, {}), two.saveConfig(mac, {})]);
  }
  await announced.collect("40 announcements", (taken) => taken.length === 40);
  expect(broker.connectionsOfService).toHaveLength(2);
});

test("fault R7 a service whose client id another takes comes back", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe(CONFIGS);
  await using service = await startTestService({ mqtt: broker.mqtt });
  const [before = "", after = ""] = macs(2);
  await service.saveConfig(before, {});
  await announced.next();
  const [, clientId = ""] = / as (\S+) \(/.exec(await broker.log.line(/New client .* u'iotsupport'/)) ?? [];
  const { url, ...account } = broker.mqtt;
  const thief = await connectAsync(url, { ...account, clientId, protocolVersion: 5, reconnectPeriod: 0 });
  await service.saveConfig(after, {});
  expect(await announced.next()).toEqual({ filename: `${after}.json` });
  await thief.endAsync(true);
});

function filesIn(messages: readonly Message[]): Set<string> {
  return new Set(messages.map(({ payload }) => payload));
}

function warningsOf(service: TestService): string[] {
  return service.logged.filter(({ level }) => Number(level) >= 40).map((line) => JSON.stringify(line));
}
