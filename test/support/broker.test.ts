import { expect, test } from "bun:test";
import { connect, type IConnackPacket, type MqttClient } from "mqtt";
import { type BrokerSettings, startBroker, type TestBroker } from "./broker.ts";
import { until } from "./deadline.ts";
import { startLink } from "./link.ts";

const TOPIC = "iotsupport/updates/configs";

test("a watcher is given what was published, with its QoS, its retain flag and its properties", async () => {
  await using broker = await startBroker();
  await using watcher = await broker.subscribe(TOPIC);
  await using publisher = await connectPublisher(broker.mqtt);
  const userProperties = { revision: "3" };
  const properties = { payloadFormatIndicator: true, contentType: "application/json", userProperties };
  await publisher.client.publishAsync(TOPIC, `{"filename":"a"}`, { qos: 1, retain: true, properties });
  expect(await watcher.nextMessage()).toMatchObject({
    topic: TOPIC,
    payload: `{"filename":"a"}`,
    qos: 1,
    retain: true,
    payloadFormat: true,
    contentType: "application/json",
    revision: "3",
  });
});

test("what came before now is told apart from what is only late", async () => {
  await using broker = await startBroker();
  await using watcher = await broker.subscribe(TOPIC);
  expect(await watcher.upToNow()).toEqual([]);
  await using publisher = await connectPublisher(broker.mqtt);
  await publisher.client.publishAsync(TOPIC, "{}", { qos: 0 });
  expect(await watcher.upToNow()).toHaveLength(1);
});

test("a message that does not come is named by what was awaited", async () => {
  await using broker = await startBroker();
  await using watcher = await broker.subscribe(TOPIC);
  await expect(watcher.next("the save of the porch", 20)).rejects.toThrow(
    /20 ms: the save of the porch on iots/,
  );
});

test("a watcher's session outlives the broker's end in order, and its subscription any end", async () => {
  await using broker = await startBroker();
  await using watcher = await broker.subscribe(TOPIC);
  await broker.restart();
  await publishOnce(broker, "1");
  await broker.kill();
  await broker.restart({ empty: true });
  await publishOnce(broker, "2");
  expect([await watcher.next(), await watcher.next()]).toEqual([1, 2]);
});

test("a frozen broker answers nothing until it is thawed", async () => {
  await using broker = await startBroker();
  await using watcher = await broker.subscribe(TOPIC);
  await using publisher = await connectPublisher(broker.mqtt);
  broker.freeze();
  const published = publisher.client.publishAsync(TOPIC, "1", { qos: 1 });
  await expect(watcher.next("nothing", 50)).rejects.toThrow();
  broker.thaw();
  await published;
  expect(await watcher.next()).toBe(1);
});

test("a changed password sends the service away and takes the new one", async () => {
  await using broker = await startBroker();
  await using connected = await connectPublisher(broker.mqtt);
  await broker.changePassword("another");
  await until("the publisher was sent away", () => !connected.client.connected);
  await expect(connectPublisher(broker.mqtt)).rejects.toThrow(/Not authorized/);
  await using _publisher = await connectPublisher({ ...broker.mqtt, password: "another" });
});

test("a topic that the service may not use is refused with 135, and others are not", async () => {
  await using broker = await startBroker();
  await broker.allowTopics("configs");
  await using publisher = await connectPublisher(broker.mqtt);
  const refused = publisher.client.publishAsync("iotsupport/updates/assets", "1", { qos: 1 });
  await expect(refused).rejects.toMatchObject({ code: 135 });
  await publisher.client.publishAsync(TOPIC, "1", { qos: 1 });
});

test("the broker says how many publishes it takes at once", async () => {
  await using broker = await startBroker({ receiveMaximum: 7 });
  await using publisher = await connectPublisher(broker.mqtt);
  expect(publisher.receiveMaximum).toBe(7);
});

test("a link that was cut refuses connections until it is restored", async () => {
  await using broker = await startBroker();
  await using link = await startLink(broker);
  await using publisher = await connectPublisher(link.mqtt);
  await link.cut();
  await until("the publisher has noticed", () => !publisher.client.connected);
  await expect(connectPublisher(link.mqtt)).rejects.toThrow(/ECONNREFUSED|closed/i);
  await link.restore();
  await using _another = await connectPublisher(link.mqtt);
});

test("a link cut before PUBACK has let the PUBLISH through", async () => {
  await using broker = await startBroker();
  await using watcher = await broker.subscribe(TOPIC);
  await using link = await startLink(broker);
  await using publisher = await connectPublisher(link.mqtt);
  const cut = link.cutBeforePuback();
  const published = publisher.client.publishAsync(TOPIC, "1", { qos: 1 });
  await cut;
  expect(await watcher.next()).toBe(1);
  publisher.client.end(true);
  await expect(published).rejects.toThrow("Connection closed");
});

test("a link holds PUBACKs back and delivers them later", async () => {
  await using broker = await startBroker();
  await using link = await startLink(broker);
  await using publisher = await connectPublisher(link.mqtt);
  const published = link.holdPubacks();
  let acknowledged = 0;
  const publishes = [1, 2, 3].map(async (each) => {
    await publisher.client.publishAsync(TOPIC, `${each}`, { qos: 1 });
    acknowledged++;
  });
  await published;
  await until("three publishes without PUBACK", () => link.mostInFlight === 3);
  expect(acknowledged).toBe(0);
  link.letPubacksThrough();
  await Promise.all(publishes);
  expect(link.published).toBe(3);
});

test("a deaf link stays open, lets nothing through, and gives it all on when restored", async () => {
  await using broker = await startBroker();
  await using watcher = await broker.subscribe(TOPIC);
  await using link = await startLink(broker);
  await using publisher = await connectPublisher(link.mqtt);
  link.goDeaf();
  const published = publisher.client.publishAsync(TOPIC, "1", { qos: 1 });
  expect(await watcher.upToNow()).toEqual([]);
  await link.restore();
  await published;
  expect(await watcher.next()).toBe(1);
});

class Publisher implements AsyncDisposable {
  constructor(
    readonly client: MqttClient,
    readonly receiveMaximum: number | undefined,
  ) {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.endAsync(true);
  }
}

async function connectPublisher({ url, ...account }: BrokerSettings): Promise<Publisher> {
  const client = connect(url, { ...account, protocolVersion: 5, reconnectPeriod: 0 });
  const refused = Promise.withResolvers<never>();
  client.on("error", refused.reject);
  const connected = new Promise<IConnackPacket>((resolve) => client.once("connect", resolve));
  const { properties } = await Promise.race([connected, refused.promise]);
  return new Publisher(client, properties?.receiveMaximum);
}

async function publishOnce(broker: TestBroker, payload: string): Promise<void> {
  await using publisher = await connectPublisher(broker.mqtt);
  await publisher.client.publishAsync(TOPIC, payload, { qos: 1 });
}
