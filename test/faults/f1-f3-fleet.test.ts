import { expect } from "bun:test";
import { type Account, type Newest, wordOf } from "../../simulate/account.ts";
import {
  countsIn,
  countsOf,
  FIRMWARE,
  FleetUnderTest,
  macsBeginWith,
  mixedDevices,
} from "../simulate/fleet-under-test.ts";
import { startBroker, type TestBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { freePort } from "../support/free-port.ts";
import { row } from "../support/row.ts";
import {
  environment,
  type ServiceProcess,
  startLoneService,
  startServiceProcess,
} from "../support/service-process.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Devices, and how long they may take. */
const MANY = { rounds: { test: 40, full: 120 }, timeoutMs: 150_000 };
const ALL_KINDS = { sleeping: 0.2, lossy: 0.2, slow: 0.1, wrong: 0.2 };
const KEPT_EVERY_MS = 1_000;
/** A look at what the kernels have, and the write itself on a busy machine. */
const AND_WRITTEN_MS = 750;

row(
  "F1",
  "what the service says of a fleet is what the devices say of themselves, once they have caught up",
  MANY,
  async ({ rounds: count, did }) => {
    await using broker = await startBroker();
    await using service = await startLoneService(mqttOf(broker));
    await using fleet = new FleetUnderTest(service.url, broker, mixedDevices(count, ALL_KINDS));
    const newest = await fleet.changeAfterAll();
    await fleet.settled(newest);
    await fleet.fleet.stop();
    await expectAgreement(fleet, newest);
    const counts = countsOf(fleet.words(newest).values());
    expect(Object.keys(counts)).toEqual(expect.arrayContaining(["fetched", "refused", "running"]));
    await expectSameConfigs(fleet, newest);
    did("devices", count);
  },
);

row(
  "F1",
  "so it is while some are behind, cut off, refused or back at what they had",
  MANY,
  async ({ rounds: count, did }) => {
    await using broker = await startBroker();
    await using service = await startLoneService(mqttOf(broker));
    await using fleet = new FleetUnderTest(service.url, broker, mixedDevices(count, ALL_KINDS));
    const newest = await fleet.changeAfterAll();
    await until("half of them have it", () => fleet.behind(newest).length <= count / 2, 30_000);
    await fleet.fleet.stop();
    expect(fleet.behind(newest).length).toBeGreaterThan(count / 10);
    await expectAgreement(fleet, newest);
    did("devices, half of them behind", count);
  },
);

row(
  "F2",
  "a device that got half of a file is never said to have it",
  { rounds: { test: 9, full: 45 }, timeoutMs: 150_000 },
  async ({ rounds: count, did }) => {
    await using broker = await startBroker();
    await using service = await startLoneService(mqttOf(broker));
    const devices = mixedDevices(count, { sleeping: 0, lossy: 1, slow: 0, wrong: 0 });
    const doors = ["arduino", "plain", "ranges"] as const;
    const broken = devices.map((each, at) => ({
      ...each,
      door: doors[at % 3] ?? "plain",
      breaks: Number.POSITIVE_INFINITY,
    }));
    await using fleet = new FleetUnderTest(service.url, broker, broken);
    const newest = await fleet.change("1.0.1");
    const claims: unknown[] = [];
    await fleet.fleet.start();
    await until(
      "each line has broken three times",
      async () => {
        const { states, behind } = await fleet.convergence();
        const has = Object.keys(states).filter((state) => !MAY_BE_SAID_OF_HALF.includes(state));
        const known = Object.values(states).reduce((sum, n) => sum + n, 0);
        if (has.length > 0 || behind.length !== known) claims.push({ states, behind });
        return fleet.fleet.devices.every(({ cuts }) => cuts >= 3);
      },
      60_000,
    );
    await fleet.fleet.stop();
    expect(claims).toEqual([]);
    await expectAgreement(fleet, newest);
    expect(countsOf(fleet.words(newest).values())).toEqual({
      interrupted: (count * 2) / 3,
      fetching: count / 3,
    });
    did("devices whose line breaks half-way", count);
  },
);

row(
  "F3",
  "what is known of a fleet survives a kill but for the last second, claims nothing that no device has, and is right again once they come",
  MANY,
  async ({ rounds: count, did }) => {
    await using broker = await startBroker();
    // Whoever loads the same again and again is told from others by its history, a part of which is lost.
    const devices = mixedDevices(count, ALL_KINDS).map((each) => ({
      ...each,
      wrong: each.wrong === "older" ? null : each.wrong,
    }));
    await using dir = await tempDir();
    const env = { ...environment(`${dir.path}/data`, broker.mqtt), PORT: String(await freePort()) };
    let service: ServiceProcess = await startServiceProcess(env);
    try {
      await using fleet = new FleetUnderTest(service.url, broker, devices);
      const newest = await fleet.changeAfterAll();
      await until("half of them have it", () => fleet.behind(newest).length <= count / 2, 30_000);
      const killedAt = Date.now();
      await service.kill();
      await fleet.fleet.stop();

      service = await startServiceProcess(env);
      const known = new Set(await revisionsKnown(fleet, newest));
      const having = [...fleet.accounts].filter(([, { has }]) => hasIt(has, newest));
      expect([...known].filter((mac) => !having.some(([each]) => each === mac))).toEqual([]);
      const lost = having.filter(([mac]) => !known.has(mac));
      const lostMs = lost.map(([, { has }]) => killedAt - (has?.at ?? 0));
      expect(Math.max(0, ...lostMs)).toBeLessThan(KEPT_EVERY_MS + AND_WRITTEN_MS);

      const restartedAt = Date.now();
      await fleet.fleet.start();
      await fleet.settled(newest);
      const came = () => fleet.fleet.devices.every(({ lastAskedAt }) => lastAskedAt > restartedAt);
      const agrees = async () => Bun.deepEquals(await wordsOfService(fleet), wordsOfDevices(fleet, newest));
      await until("all came again", came, 30_000);
      await until("both say the same", agrees, 60_000).catch(() => {}); // What differs is told below.
      await fleet.fleet.stop();
      await expectAgreement(fleet, newest, { delays: false }); // Of what was lost, only a later look is known.
    } finally {
      await service.kill();
    }
    did("devices", count);
    did("kills");
  },
);

const MAY_BE_SAID_OF_HALF = ["waiting", "told", "fetching", "interrupted"];

function hasIt(has: Account["has"], { revision }: Newest): boolean {
  return has !== null && has.revision >= revision;
}

/** States, who is behind, and how soon they had it. Devices are at rest: what is seen is kept within a moment. */
async function expectAgreement(fleet: FleetUnderTest, newest: Newest, { delays = true } = {}): Promise<void> {
  const words = fleet.words(newest);
  const agrees = async () => Bun.deepEquals(countsIn(await fleet.convergence()), countsOf(words.values()));
  await until("both count the same", agrees, 10_000).catch(() => {}); // What differs is told below.
  const convergence = await fleet.convergence();
  expect(await wordsOfService(fleet)).toEqual(wordsOfDevices(fleet, newest));
  expect(countsIn(convergence)).toEqual(countsOf(words.values()));
  expect(convergence.devices).toBe(words.size);
  expect(convergence.behind).toEqual(fleet.behind(newest).toSorted());
  if (!delays) return;
  const had = [...fleet.accounts.values()].flatMap(({ has }) =>
    hasIt(has, newest) ? [(has?.at ?? 0) - newest.since] : [],
  );
  for (const [name, percent] of [
    ["p50", 50],
    ["p90", 90],
    ["p99", 99],
  ] as const) {
    const ms = had.toSorted((a, b) => a - b)[Math.ceil((percent / 100) * had.length) - 1];
    const seconds = convergence.seconds_to[name];
    if (ms === undefined) expect(seconds).toBeNull();
    else expect(Math.abs((seconds ?? Number.NaN) - ms / 1_000)).toBeLessThan(1);
  }
}

function wordsOfDevices(fleet: FleetUnderTest, newest: Newest): Record<string, string> {
  return Object.fromEntries(fleet.words(newest));
}

async function wordsOfService(fleet: FleetUnderTest): Promise<Record<string, string>> {
  const files = await fleet.view.files(macsBeginWith);
  return Object.fromEntries(
    [...files].flatMap(([mac, all]) =>
      all
        .filter(({ file }) => file === FIRMWARE)
        .map(({ state }) => [mac, ["waiting", "told", "silent"].includes(state) ? "behind" : state]),
    ),
  );
}

async function revisionsKnown(fleet: FleetUnderTest, newest: Newest): Promise<string[]> {
  const files = await fleet.view.files(macsBeginWith);
  return [...files].flatMap(([mac, all]) =>
    all.some(({ file, revision }) => file === FIRMWARE && (revision ?? 0) >= newest.revision) ? [mac] : [],
  );
}

/** Each config is a file of its own, which one device has. */
async function expectSameConfigs(fleet: FleetUnderTest, newest: Newest): Promise<void> {
  for (const { traits, config, lastAskedAt } of fleet.fleet.devices) {
    const word = wordOf(config, { ...newest, since: 0 }, lastAskedAt, Date.now());
    expect(await fleet.convergence(`${traits.mac}.json`)).toMatchObject({
      devices: 1,
      states: { [word]: 1 },
      behind: [],
    });
  }
}

function mqttOf({ mqtt }: TestBroker) {
  return { MQTT_URL: mqtt.url, MQTT_USERNAME: mqtt.username, MQTT_PASSWORD: mqtt.password };
}
