import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import manifest from "../package.json" with { type: "json" };
import { Broker, type DeviceTopics, Relay } from "./announcements/index.ts";
import { createApi } from "./api.ts";
import { Collector, readVerifyingKey, type UploadRules } from "./assets/index.ts";
import { openDiskBlobs } from "./blobs/index.ts";
import { parseMac } from "./configs/index.ts";
import { Delivery, shortWay } from "./delivery/index.ts";
import {
  fleetAudience,
  macIn,
  Reannouncer,
  Recorder,
  SocketDiagnosis,
  StateCounts,
  viewDevice,
} from "./fleet/index.ts";
import { StoreWatch } from "./health/index.ts";
import { Publisher, will } from "./home-assistant/index.ts";
import { serve } from "./http/index.ts";
import { Images } from "./images/index.ts";
import { addGauges, createMetrics, Disk, type Log } from "./ops/index.ts";
import type { Settings } from "./settings.ts";
import { openSqliteStore, type Store } from "./store/index.ts";
import { conditionOf, readingsOf } from "./vitals.ts";

export interface Service extends AsyncDisposable {
  /** Where it listens, without a slash at its end. */
  readonly url: string;
  /** Resolves when it can't go on, and should be stopped and started anew. */
  readonly failed: Promise<Error>;
  /** Says that it is not ready any more, and goes on for DRAIN_SECONDS, while load balancers notice. */
  drain(): Promise<void>;
}

/** What stops a start that is not the settings' form: one line of what, and what to do. */
export class StartError extends Error {
  override readonly name = "StartError";
}

/** Starts the whole service or nothing: if a part fails, those before it are stopped, in reverse. */
export async function startService(settings: Settings, now: () => Date, log: Log): Promise<Service> {
  const { dataDir, mqtt, host, port, keepRevisions, deviceTopics } = settings;
  await using starting = new AsyncDisposableStack();
  const failure = Promise.withResolvers<Error>();
  const metrics = createMetrics(manifest.version);
  const rules = await uploadRules(settings);

  const store = openSqliteStore({ dataDir, announces: mqtt !== null, deviceTopics, keepRevisions, now });
  starting.defer(() => store.close());
  store.failed.then(failure.resolve);

  const blobs = openDiskBlobs(dataDir);
  const images = new Images(store, blobs);
  const collector = new Collector(store, blobs, log, now);
  starting.defer(() => collector.stop());

  const broker = mqtt === null ? null : new Broker(mqtt, log, settings.homeAssistant ? will : null);
  if (broker === null) warnOfIdleSettings(settings, log);
  const topics = deviceTopics === "off" ? null : topicsOfDevices(store, deviceTopics);
  const relay = broker === null ? null : new Relay(store, broker, metrics, log, now, topics);
  if (relay !== null) starting.defer(() => relay.stop());
  const nudge = () => relay?.nudge();

  const vitals = {
    watch: new StoreWatch(store, blobs, log),
    broker,
    relay,
    stateCounts: new StateCounts(store.fleet, log, now),
    disk: new Disk(dataDir),
    now,
  };
  addGauges(metrics, readingsOf(vitals));
  const life = { hasFailed: false, isDraining: false };
  failure.promise.then(() => {
    life.hasFailed = true;
  });

  const diagnosis = SocketDiagnosis.open();
  if (diagnosis === null) log.warn("this system does not show what a device has acknowledged");
  else starting.use(diagnosis);
  const recorder = new Recorder({
    fleet: store.fleet,
    diagnosis,
    metrics,
    log,
    now,
    maxUnknownDevices: settings.maxUnknownDevices,
  });
  starting.defer(() => recorder.stop());
  const reannouncer =
    relay !== null && settings.reannounces ? new Reannouncer(store.fleet, nudge, log, now) : null;
  if (reannouncer !== null) starting.defer(() => reannouncer.stop());
  const homeAssistant =
    broker === null || !settings.homeAssistant
      ? null
      : new Publisher({
          broker,
          store,
          images,
          view: (mac) => viewDevice(store.fleet, mac, now()),
          nudge,
          prefix: settings.homeAssistantPrefix,
          log,
          now,
        });
  if (homeAssistant !== null) starting.defer(() => homeAssistant.stop());
  const delivery = new Delivery(store, blobs, fleetAudience(recorder, parseMac), {
    windowMs: settings.resumeWindowSeconds * 1000,
    macIn: (request) => macIn(request, parseMac),
    now,
  });
  const app = createApi({
    settings,
    store,
    blobs,
    images,
    collector,
    delivery,
    recorder,
    rules,
    condition: () => conditionOf(vitals, life),
    nudge,
    metrics,
    log,
    now,
  });
  collector.start();
  recorder.start();
  reannouncer?.start();
  homeAssistant?.start();
  relay?.start().catch(failure.resolve);
  const way = shortWay(delivery, settings.corsOrigins, metrics, log);
  const server = listen(() => serve(app, way, host, port, log), host, port);
  starting.defer(() => server.stop());

  const running = starting.move(); // All began: nothing is undone from here on.
  return {
    url: server.url,
    failed: failure.promise,
    async drain() {
      life.isDraining = true;
      server.leave();
      await wait(settings.drainSeconds * 1000);
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function warnOfIdleSettings({ deviceTopics, reannounces, homeAssistant }: Settings, log: Log): void {
  const idle = [
    ...(deviceTopics === "off" ? [] : ["MQTT_DEVICE_TOPICS"]),
    ...(reannounces ? ["REANNOUNCE"] : []),
    ...(homeAssistant ? ["HOME_ASSISTANT"] : []),
  ];
  if (idle.length > 0) log.warn({ settings: idle }, "these settings do nothing without MQTT_URL");
}

function topicsOfDevices({ fleet }: Store, which: "on" | "only"): DeviceTopics {
  return {
    besidesShared: which === "on",
    usersOf: (name, after, most) => fleet.listUsers({ kind: "assets", name }, after, most),
  };
}

async function uploadRules(settings: Settings): Promise<UploadRules | null> {
  const { signingKeyPath, timestampToleranceSeconds: toleranceSeconds } = settings;
  if (signingKeyPath === null) return null;
  try {
    return { key: readVerifyingKey(await readFile(signingKeyPath, "utf8")), toleranceSeconds };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartError(`SIGNING_KEY_PATH ${signingKeyPath}: ${reason}`, { cause: error });
  }
}

function listen<T>(open: () => T, host: string, port: number): T {
  try {
    return open();
  } catch (error) {
    const isTaken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    const reason = isTaken ? "is taken by another program; stop that, or set another PORT" : String(error);
    throw new StartError(`cannot listen on ${host}:${port}: it ${reason}`, { cause: error });
  }
}
