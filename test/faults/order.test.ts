import { expect, test } from "bun:test";
import { startBroker } from "../support/broker.ts";
import { startLink } from "../support/link.ts";
import { macs } from "../support/load.ts";
import { startTestService } from "../support/service.ts";

const CONFIGS = "iotsupport/updates/configs";
const [PORCH = "", CELLAR = ""] = macs(2);
const HOUR_MS = 3_600_000;

test("fault R19 a clock that jumps an hour back and forth changes neither revisions nor announcements", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe(CONFIGS);
  let jumpMs = 0;
  await using service = await startTestService({ mqtt: broker.mqtt }, () => new Date(Date.now() + jumpMs));
  for (const [turn, hours] of [0, -1, 1, 0, -1].entries()) {
    jumpMs = hours * HOUR_MS;
    expect((await service.saveConfig(PORCH, { turn })).revision).toBe(turn + 1);
    expect((await announced.nextMessage()).revision).toBe(`${turn + 1}`);
  }
});

test("fault R19 a refused announcement is tried again soon, though the clock went back an hour meanwhile", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe(CONFIGS);
  await broker.allowTopics("assets");
  let jumpMs = 0;
  await using service = await startTestService({ mqtt: broker.mqtt }, () => new Date(Date.now() + jumpMs));
  await service.saveConfig(PORCH, {});
  await broker.log.line(/New client connected .* u'iotsupport'/);
  await announced.upToNow();
  jumpMs = -HOUR_MS;
  await broker.allowTopics("#");
  expect(await announced.next()).toEqual({ filename: `${PORCH}.json` });
});

test("fault R20 a file that changes while its announcement is in flight is announced again", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe(CONFIGS);
  await using link = await startLink(broker);
  await using service = await startTestService({ mqtt: link.mqtt });
  const published = link.holdPubacks();
  const first = await service.saveConfig(PORCH, { save: 1 });
  await published;
  const second = await service.saveConfig(PORCH, { save: 2 });
  link.letPubacksThrough();
  expect((await announced.nextMessage()).revision).toBe(`${first.revision}`);
  expect((await announced.nextMessage()).revision).toBe(`${second.revision}`);
  await service.saveConfig(CELLAR, {});
  expect(await announced.next()).toEqual({ filename: `${CELLAR}.json` });
});

test("fault R21 what is deleted while it waits is not announced", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe(CONFIGS);
  await using link = await startLink(broker);
  await using service = await startTestService({ mqtt: link.mqtt });
  await link.cut();
  await service.saveConfig(PORCH, {});
  await service.saveConfig(CELLAR, {});
  await service.deleteConfig(PORCH);
  await link.restore();
  expect(await announced.next()).toEqual({ filename: `${CELLAR}.json` });
  expect(await announced.upToNow()).toEqual([]);
});

test("fault R21 what is deleted while in flight is not announced again", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe(CONFIGS);
  await using link = await startLink(broker);
  await using service = await startTestService({ mqtt: link.mqtt });
  const published = link.holdPubacks();
  await service.saveConfig(PORCH, {});
  await published;
  await service.deleteConfig(PORCH);
  await link.cut(); // The PUBACK is lost: without the delete it would be announced again.
  link.letPubacksThrough();
  await link.restore();
  await service.saveConfig(CELLAR, {});
  expect(await announced.next()).toEqual({ filename: `${PORCH}.json` });
  expect(await announced.next()).toEqual({ filename: `${CELLAR}.json` });
});

test("fault R21 what is deleted and made anew is announced with a revision of its own", async () => {
  await using broker = await startBroker();
  await using announced = await broker.subscribe(CONFIGS);
  await using link = await startLink(broker);
  await using service = await startTestService({ mqtt: link.mqtt });
  await link.cut();
  const first = await service.saveConfig(PORCH, { life: 1 });
  await service.deleteConfig(PORCH);
  const second = await service.saveConfig(PORCH, { life: 2 });
  expect(second.revision).toBeGreaterThan(first.revision + 1); // The delete has one too.
  await link.restore();
  expect((await announced.nextMessage()).revision).toBe(`${second.revision}`);
  expect(await announced.upToNow()).toEqual([]);
});
