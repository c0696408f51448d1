import { expect, test } from "bun:test";
import { pino } from "pino";
import { Broker } from "../../src/announcements/index.ts";
import { openDiskBlobs } from "../../src/blobs/index.ts";
import { Publisher, will } from "../../src/home-assistant/index.ts";
import { Images } from "../../src/images/index.ts";
import { openSqliteStore } from "../../src/store/index.ts";
import { startBroker } from "../support/broker.ts";
import { until } from "../support/deadline.ts";
import { startLink } from "../support/link.ts";
import { tempDir } from "../support/temp-dir.ts";

test("a connection that is made again while the other parts still stop says that we are not there", async () => {
  await using broker = await startBroker();
  await using link = await startLink(broker);
  await using said = await broker.overhear("iotsupport/ha/status");
  await using dir = await tempDir();
  const log = pino({ level: "silent" });
  const now = () => new Date();
  await using ending = new AsyncDisposableStack();
  const store = openSqliteStore({ dataDir: dir.path, announces: true, keepRevisions: 20, now });
  ending.defer(() => store.close());
  const connection = new Broker(link.mqtt, log, will);
  ending.defer(() => connection.stop());
  const publisher = new Publisher({
    broker: connection,
    store,
    images: new Images(store, openDiskBlobs(dir.path)),
    view: async () => null,
    nudge: () => {},
    prefix: "homeassistant",
    log,
    now,
  });
  publisher.start();
  await connection.connect();
  expect((await said.nextMessage()).payload).toBe("online");
  await publisher.stop();
  expect((await said.nextMessage()).payload).toBe("offline");
  await link.cut();
  expect((await said.nextMessage()).payload).toBe("offline");
  await link.restore();
  await until("we are connected again", () => connection.connected);
  expect((await said.nextMessage()).payload).toBe("offline");
});
