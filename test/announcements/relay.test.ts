import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pino } from "pino";
import { Broker, Relay } from "../../src/announcements/index.ts";
import { storageFull } from "../../src/fault.ts";
import { createMetrics } from "../../src/ops/index.ts";
import { openSqliteStore } from "../../src/store/index.ts";
import { macOf, openStoreUnderTest, type StoreUnderTest } from "../store/store-under-test.ts";
import { type BrokerSettings, startBroker, type TestBroker } from "../support/broker.ts";
import { until, within } from "../support/deadline.ts";
import { Lines } from "../support/lines.ts";
import { startLink } from "../support/link.ts";

const [PORCH, CELLAR] = [macOf(1), macOf(2)];
let mosquitto: TestBroker;

beforeAll(async () => {
  mosquitto = await startBroker({ receiveMaximum: 7 });
});

afterAll(() => mosquitto[Symbol.asyncDispose]());

describe("the relay", () => {
  test("publishes what waited for its start, oldest first, and forgets it on PUBACK", async () => {
    await using watcher = await mosquitto.subscribe("iotsupport/updates/#");
    await using announcing = await announcer(mosquitto.mqtt);
    await announcing.opened.saved(CELLAR);
    await announcing.opened.uploaded("a.bin", "1");
    await announcing.opened.saved(PORCH);
    announcing.relay.start();
    const filenames = [await watcher.next(), await watcher.next(), await watcher.next()];
    expect(filenames).toEqual([
      { filename: `${CELLAR}.json` },
      { filename: "a.bin" },
      { filename: `${PORCH}.json` },
    ]);
    await announcing.isDone();
    expect(await announcing.metric("iot_mqtt_publish_total")).toEqual([
      `{topic="iotsupport/updates/configs",status="success"} 2`,
      `{topic="iotsupport/updates/configs",status="failure"} 0`,
      `{topic="iotsupport/updates/assets",status="success"} 1`,
      `{topic="iotsupport/updates/assets",status="failure"} 0`,
    ]);
    expect(await announcing.metric("iot_announcement_delay_seconds_count")).toEqual([" 3"]);
  });

  test("publishes a change at once; what else comes into the outbox when it is nudged, or soon after", async () => {
    await using watcher = await mosquitto.subscribe("iotsupport/updates/#");
    await using announcing = await announcer(mosquitto.mqtt);
    await announcing.started();
    const { fleet } = announcing.opened.store;
    await announcing.opened.saved(PORCH);
    await watcher.next("a change", 900);
    await announcing.isDone();
    await fleet.announceAgain({ kind: "configs", name: PORCH });
    announcing.relay.nudge();
    await watcher.next("what a nudge told of", 900);
    await announcing.isDone();
    await fleet.announceAgain({ kind: "configs", name: PORCH });
    await watcher.next("what nothing told of", 3_000);
  });

  test("connects nothing before it is started", async () => {
    await using link = await startLink(mosquitto);
    await using announcing = await announcer(link.mqtt);
    await announcing.opened.saved(PORCH);
    announcing.relay.nudge();
    expect(link.connections).toBe(0);
    await announcing.started();
    expect(link.connections).toBe(1);
  });

  test("never has more in flight than the broker takes at once", async () => {
    await using watcher = await mosquitto.subscribe("iotsupport/updates/#");
    await using link = await startLink(mosquitto);
    await using announcing = await announcer(link.mqtt);
    const macs = Array.from({ length: 40 }, (_, number) => macOf(number));
    await Promise.all(macs.map((mac) => announcing.opened.saved(mac)));
    const held = link.holdPubacks();
    announcing.relay.start();
    await held;
    await until("the first seven in flight", () => link.published === 7);
    link.letPubacksThrough();
    const announced = await watcher.collect("all forty", (taken) => taken.length === 40);
    expect(link.mostInFlight).toBe(7);
    expect(new Set(announced.map(({ payload }) => payload)).size).toBe(40);
  });

  test("announces a file again that changed while its announcement was in flight", async () => {
    await using watcher = await mosquitto.subscribe("iotsupport/updates/#");
    await using link = await startLink(mosquitto);
    await using announcing = await announcer(link.mqtt);
    await announcing.opened.saved(PORCH);
    const held = link.holdPubacks();
    announcing.relay.start();
    await held;
    await announcing.opened.saved(PORCH);
    announcing.relay.nudge();
    link.letPubacksThrough();
    const revisions = [(await watcher.nextMessage()).revision, (await watcher.nextMessage()).revision];
    expect(revisions).toEqual(["1", "2"]);
    await announcing.isDone();
    expect(await watcher.upToNow()).toEqual([]);
  });

  test("lets a row that the broker refuses wait alone, told of once, until it is taken", async () => {
    await using picky = await startBroker();
    await picky.allowTopics("configs");
    await using watcher = await picky.subscribe("iotsupport/updates/#");
    await using announcing = await announcer(picky.mqtt);
    await announcing.opened.uploaded("a.bin", "1");
    await announcing.opened.saved(PORCH);
    announcing.relay.start();
    expect(await watcher.next()).toEqual({ filename: `${PORCH}.json` });
    await until("the refused row is at rest", async () => (await announcing.opened.due()).length === 0);
    expect((await announcing.opened.store.counts()).pendingAnnouncements).toBe(1);

    announcing.opened.pass(60_000);
    announcing.relay.nudge();
    await until("it was refused again", async () => {
      const counted = await announcing.metric("iot_mqtt_publish_total");
      return counted.includes(`{topic="iotsupport/updates/assets",status="failure"} 2`);
    });
    await until("it is at rest again", async () => (await announcing.opened.due()).length === 0);
    await announcing.opened.saved(CELLAR);
    announcing.relay.nudge();
    expect(await watcher.next()).toEqual({ filename: `${CELLAR}.json` });
    announcing.opened.pass(60_000);
    announcing.relay.nudge();
    await until("it was refused once more", async () => {
      const counted = await announcing.metric("iot_mqtt_publish_total");
      return counted.includes(`{topic="iotsupport/updates/assets",status="failure"} 3`);
    });
    expect(announcing.relay.trouble).toContain("iotsupport/updates/assets");
    await until("it is at rest once more", async () => (await announcing.opened.due()).length === 0);

    await picky.allowTopics("#");
    announcing.opened.pass(60_000);
    announcing.relay.nudge();
    expect(await watcher.next()).toEqual({ filename: "a.bin" });
    await announcing.isDone();
    expect(announcing.log.matching(/the broker refuses announcements/)).toHaveLength(1);
    expect(announcing.relay.trouble).toBeNull();
    expect(picky.connectionsOfService).toHaveLength(1);
  });

  test("goes on where the disk is too full to forget, and announces nothing twice for it", async () => {
    await using watcher = await mosquitto.subscribe("iotsupport/updates/#");
    await using announcing = await announcer(mosquitto.mqtt);
    const { store } = announcing.opened;
    const settle = store.settleAnnouncements.bind(store);
    let failures = 2;
    store.settleAnnouncements = (rows) => {
      if (rows.length === 0 || failures === 0) return settle(rows);
      failures -= 1;
      return Promise.reject(storageFull());
    };
    await announcing.opened.saved(PORCH);
    announcing.relay.start();
    await announcing.isDone();
    expect(failures).toBe(0);
    expect(await watcher.upToNow()).toHaveLength(1);
  });

  test("ends loudly where the store has failed", async () => {
    await using announcing = await announcer(mosquitto.mqtt);
    announcing.opened.store.claimAnnouncements = () => Promise.reject(new Error("the store broke down"));
    await expect(within(5_000, "its end", announcing.relay.start())).rejects.toThrow("the store broke down");
  });

  test("publishes all that is due before it stops, and says DISCONNECT", async () => {
    await using watcher = await mosquitto.subscribe("iotsupport/updates/#");
    await using announcing = await announcer(mosquitto.mqtt);
    await announcing.started();
    const before = mosquitto.log.all.length;
    const macs = Array.from({ length: 30 }, (_, number) => macOf(number));
    await Promise.all(macs.map((mac) => announcing.opened.saved(mac)));
    await announcing.relay.stop();
    expect((await announcing.opened.store.counts()).pendingAnnouncements).toBe(0);
    expect(await watcher.upToNow()).toHaveLength(30);
    expect(await mosquitto.log.line(/iotsupport-.* (disconnected|closed)/, before)).toMatch(
      / disconnected\.$/,
    );
  });

  test("stops soon where the broker is away, and leaves what waits", async () => {
    await using link = await startLink(mosquitto);
    await using announcing = await announcer(link.mqtt);
    await link.cut();
    await announcing.opened.saved(PORCH);
    announcing.relay.start();
    await within(2_000, "the end without a broker", announcing.relay.stop());
    expect(await announcing.opened.due()).toEqual([`configs/${PORCH}@1`]);
  });

  test("may be stopped where it was never started", async () => {
    await using announcing = await announcer(mosquitto.mqtt);
    await announcing.relay.stop();
  });
});

/** A relay between a store and a broker, not started yet. */
class Announcer implements AsyncDisposable {
  readonly log = new Lines();
  readonly metrics = createMetrics("test");
  readonly broker: Broker;
  readonly relay: Relay;

  constructor(
    readonly opened: StoreUnderTest,
    settings: BrokerSettings,
  ) {
    const log = pino({}, { write: (line) => this.log.write(line) });
    this.broker = new Broker(settings, log);
    this.relay = new Relay(opened.store, this.broker, this.metrics, log, opened.now, null);
  }

  async started(): Promise<void> {
    const connected = new Promise<void>((resolve) => this.broker.onConnect(resolve));
    void this.relay.start();
    await within(5_000, "a connection", connected);
  }

  /** Nothing waits any more. */
  async isDone(): Promise<void> {
    const { store } = this.opened;
    await until("an empty outbox", async () => (await store.counts()).pendingAnnouncements === 0);
  }

  /** The samples of a metric, without its name. */
  async metric(name: string): Promise<string[]> {
    const lines = (await this.metrics.registry.metrics()).split("\n");
    return lines
      .filter((line) => /^[{ ]/.test(line.slice(name.length)) && line.startsWith(name))
      .map((line) => line.slice(name.length));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.relay.stop();
    await this.opened[Symbol.asyncDispose]();
  }
}

async function announcer(settings: BrokerSettings): Promise<Announcer> {
  const opened = await openStoreUnderTest(async (options) => openSqliteStore(options));
  return new Announcer(opened, settings);
}
