import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pino } from "pino";
import { Broker } from "../../src/announcements/index.ts";
import type { Message } from "../../src/announcements/message.ts";
import type { AnnouncementWatcher } from "../support/announcement-watcher.ts";
import { type BrokerSettings, startBroker, type TestBroker } from "../support/broker.ts";
import { until, within } from "../support/deadline.ts";
import { Lines } from "../support/lines.ts";
import { startLink } from "../support/link.ts";

const DEADLINE_MS = 5_000;
let mosquitto: TestBroker;
let watcher: AnnouncementWatcher;

beforeAll(async () => {
  mosquitto = await startBroker({ receiveMaximum: 7 });
  watcher = await mosquitto.subscribe("iotsupport/updates/#");
});

afterAll(() => mosquitto[Symbol.asyncDispose]());

describe("the connection to the broker", () => {
  test("is not made before it is asked for, and what is published till then is lost", async () => {
    await using link = await startLink(mosquitto);
    await using connection = connectionTo(link.mqtt);
    expect(connection.broker.connected).toBe(false);
    expect(await connection.broker.publish(messageOf("1"), DEADLINE_MS)).toBe("lost");
    expect(link.connections).toBe(0);
    await connection.connected();
    expect(link.connections).toBe(1);
  });

  test("carries messages as devices rely on them: QoS 1, not retained, the revision beside", async () => {
    await using connection = connectionTo(mosquitto.mqtt);
    await connection.connected();
    expect(await connection.broker.publish(messageOf("porch", 42), DEADLINE_MS)).toBe("acknowledged");
    const { at, ...message } = await watcher.nextMessage();
    expect(message).toEqual({
      topic: "iotsupport/updates/configs",
      payload: `{"filename":"porch"}`,
      qos: 1,
      retain: false,
      payloadFormat: true,
      contentType: "application/json",
      revision: "42",
    });
  });

  test("knows how many messages the broker takes at once", async () => {
    await using connection = connectionTo(mosquitto.mqtt);
    expect(connection.broker.receiveMaximum).toBe(0);
    await connection.connected();
    expect(connection.broker.receiveMaximum).toBe(7);
  });

  test("sends no more at once than the broker takes, whoever publishes; what waits is lost with the connection", async () => {
    await using link = await startLink(mosquitto);
    await using connection = connectionTo(link.mqtt);
    await connection.connected();
    const held = link.holdPubacks();
    const publish = (count: number) =>
      Array.from({ length: count }, (_, n) => connection.broker.publish(messageOf(String(n)), DEADLINE_MS));
    const first = publish(20);
    await held;
    await until("seven in flight", () => link.published === 7);
    link.letPubacksThrough();
    expect(new Set(await Promise.all(first))).toEqual(new Set(["acknowledged"]));
    expect(link.mostInFlight).toBe(7);

    const heldAgain = link.holdPubacks();
    const second = publish(20);
    await heldAgain;
    await link.cut();
    expect(new Set(await Promise.all(second))).toEqual(new Set(["lost"]));
    await watcher.upToNow();
  });

  test("has a name of its own, so that two services do not send each other away", async () => {
    await using one = connectionTo(mosquitto.mqtt);
    await using other = connectionTo(mosquitto.mqtt);
    await one.connected();
    await other.connected();
    expect(await one.broker.publish(messageOf("1"), DEADLINE_MS)).toBe("acknowledged");
    expect(await other.broker.publish(messageOf("2"), DEADLINE_MS)).toBe("acknowledged");
    expect([await watcher.next(), await watcher.next()]).toEqual([{ filename: "1" }, { filename: "2" }]);
  });

  test("comes back by itself, and what was in flight is lost and not sent again by the library", async () => {
    await using link = await startLink(mosquitto);
    await using connection = connectionTo(link.mqtt);
    await connection.connected();
    const cut = link.cutBeforePuback();
    const back = connection.nextConnect();
    const outcome = connection.broker.publish(messageOf("cut"), DEADLINE_MS);
    await cut;
    expect(await outcome).toBe("lost");
    expect(connection.broker.connected).toBe(false);
    await within(DEADLINE_MS, "a new connection", back);
    expect(await connection.broker.publish(messageOf("after"), DEADLINE_MS)).toBe("acknowledged");
    expect((await watcher.upToNow()).map(({ payload }) => payload)).toEqual([
      `{"filename":"cut"}`,
      `{"filename":"after"}`,
    ]);
    expect(link.published).toBe(2);
  });

  test("is given up where the broker does not acknowledge by the deadline", async () => {
    await using link = await startLink(mosquitto);
    await using connection = connectionTo(link.mqtt);
    await connection.connected();
    const held = link.holdPubacks();
    const outcomes = [1, 2, 3].map((each) => connection.broker.publish(messageOf(`${each}`), 50));
    await held;
    expect(await within(DEADLINE_MS, "the deadline", Promise.all(outcomes))).toEqual([
      "lost",
      "lost",
      "lost",
    ]);
    const back = connection.nextConnect();
    link.letPubacksThrough();
    await within(DEADLINE_MS, "a new connection", back);
    expect(await connection.broker.publish(messageOf("after"), DEADLINE_MS)).toBe("acknowledged");
    await watcher.collect("the last", (taken) => taken.at(-1)?.payload === `{"filename":"after"}`);
    expect(link.published).toBe(4);
  });

  test("tells a refusal from a loss, and stays", async () => {
    await using picky = await startBroker();
    await picky.allowTopics("configs");
    await using connection = connectionTo(picky.mqtt);
    await connection.connected();
    const toAssets = { ...messageOf("1"), topic: "iotsupport/updates/assets" } as const;
    expect(await connection.broker.publish(toAssets, DEADLINE_MS)).toBe("refused");
    expect(await connection.broker.publish(messageOf("1"), DEADLINE_MS)).toBe("acknowledged");
    expect(picky.connectionsOfService).toHaveLength(1);
  });

  test("takes a new password's refusal for a passing trouble, told of once", async () => {
    await using strict = await startBroker();
    await using connection = connectionTo({ ...strict.mqtt, password: "not yet" });
    await connection.broker.connect();
    await strict.log.line(/not authori[sz]ed/i);
    const connected = connection.nextConnect();
    await strict.changePassword("not yet");
    await within(DEADLINE_MS, "a connection once the password is right", connected);
    const troubles = connection.log.matching(/announcements wait/);
    expect(troubles).toHaveLength(1);
    expect(troubles[0]).toMatch(/not authori[sz]ed/i);
    expect(connection.log.all.join()).not.toContain("not yet");
  });

  test("ends with DISCONNECT, and may be ended where it never began", async () => {
    await connectionTo(mosquitto.mqtt).broker.stop();
    const before = mosquitto.log.all.length;
    const connection = connectionTo(mosquitto.mqtt);
    await connection.connected();
    await connection.broker.stop();
    expect(await mosquitto.log.line(/^.*iotsupport-.* (disconnected|closed)/, before)).toMatch(
      / disconnected\.$/,
    );
    expect(await connection.broker.publish(messageOf("1"), DEADLINE_MS)).toBe("lost");
  });

  test("ends soon where there is no broker, and tries no more", async () => {
    await using link = await startLink(mosquitto);
    const connection = connectionTo(link.mqtt);
    await connection.connected();
    await link.cut();
    await until("the loss was noticed", () => !connection.broker.connected);
    await within(2_000, "the end of a connection that is lost", connection.broker.stop());
    await link.restore();
    await using another = connectionTo(link.mqtt);
    await another.connected();
    expect(link.connections).toBe(2);
  });
});

/** A connection to be, ended with the test. */
class Connection implements AsyncDisposable {
  readonly log = new Lines();
  readonly broker: Broker;

  constructor(settings: BrokerSettings) {
    this.broker = new Broker(settings, pino({}, { write: (line) => this.log.write(line) }));
  }

  nextConnect(): Promise<void> {
    return new Promise((connected) => this.broker.onConnect(connected));
  }

  async connected(): Promise<void> {
    const connected = this.nextConnect();
    await this.broker.connect();
    await within(DEADLINE_MS, "a connection", connected);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker.stop();
  }
}

function connectionTo(settings: BrokerSettings): Connection {
  return new Connection(settings);
}

function messageOf(filename: string, revision = 1): Message {
  const topic = "iotsupport/updates/configs";
  return { topic, pattern: topic, payload: JSON.stringify({ filename }), revision };
}
