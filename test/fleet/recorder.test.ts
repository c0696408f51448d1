import { expect, test } from "bun:test";
import { pino } from "pino";
import { nothingSeen } from "../../src/fleet/evidence.ts";
import { Recorder } from "../../src/fleet/recorder.ts";
import { createMetrics } from "../../src/ops/index.ts";
import { type FleetStore, openSqliteStore } from "../../src/store/index.ts";
import { macOf, openStoreUnderTest } from "../store/store-under-test.ts";
import { until } from "../support/deadline.ts";

test("what is seen while the store is slow is kept in one go, once it is done", async () => {
  await using opened = await openStoreUnderTest(async (options) => openSqliteStore(options));
  const { fleet } = opened.store;
  const begun: (readonly string[])[] = [];
  const { promise: isSlow, resolve: goOn } = Promise.withResolvers<void>();
  const { promise: hasBegun, resolve: begin } = Promise.withResolvers<void>();
  const recorder = recorderOf(
    new Proxy(fleet, {
      get(target, verb: keyof typeof fleet) {
        if (verb !== "saveSightings") return target[verb].bind(target);
        return async (sightings: Parameters<typeof fleet.saveSightings>[0]) => {
          begun.push(sightings.devices.map(({ mac }) => mac));
          begin();
          await isSlow;
          await target.saveSightings(sightings);
        };
      },
    }),
  );
  recorder.start();
  recorder.missed(macOf(1), null);
  await hasBegun;
  recorder.missed(macOf(2), null);
  await Bun.sleep(2_500); // It would be time to keep it, twice.
  recorder.missed(macOf(3), null);
  goOn();
  await recorder.stop();
  expect(begun).toEqual([[macOf(1)], [macOf(2), macOf(3)]]);
  expect(await fleet.findDevice(macOf(3))).toMatchObject({ isUnknown: true });
});

test("what stays as it is over a change of the file is judged by the newer revision", async () => {
  await using opened = await openStoreUnderTest(async (options) => openSqliteStore(options));
  const { fleet } = opened.store;
  const at = Date.now();
  const file = { kind: "configs", name: macOf(1) } as const;
  for (const _ of [1, 2]) await opened.saved(file.name);
  const fetched = { revision: 2, at: at - 60_000 };
  const pickup = { ...file, mac: macOf(1), fetchedRevision: 2, fetchedAt: fetched.at, givenRevision: 2 };
  const judgement = { state: "alive", since: at, until: null, judgedRevision: 1 }; // It was quicker than we.
  const evidence = JSON.stringify({ ...nothingSeen, fetched });
  const pickups = [{ ...pickup, ...judgement, evidence }];
  await fleet.saveSightings({ devices: [], pickups, fetches: [], mostUnknown: 10 });
  const recorder = recorderOf(fleet);
  recorder.missed(macOf(1), null);
  await recorder.stop();
  expect(await fleet.countStates(at)).toEqual({ alive: 1 });
});

test("a device that comes while its address is found to be nobody's is no stranger there", async () => {
  await using opened = await openStoreUnderTest(async (options) => openSqliteStore(options));
  const { fleet } = opened.store;
  await opened.uploaded("plug.bin", "1");
  const peer = { address: "10.0.0.1", port: 1, localPort: 2 };
  const { promise: isLookedFor, resolve: look } = Promise.withResolvers<void>();
  const { promise: isSlow, resolve: goOn } = Promise.withResolvers<void>();
  const recorder = recorderOf(
    new Proxy(fleet, {
      get(target, verb: keyof typeof fleet) {
        if (verb !== "findDevicesAt") return target[verb].bind(target);
        return async (addresses: readonly string[]) => {
          const found = await target.findDevicesAt(addresses);
          look();
          await isSlow;
          return found;
        };
      },
    }),
  );
  const file = { kind: "assets", name: "plug.bin" } as const;
  const fetch = {
    file,
    mac: null,
    revision: 1,
    status: 304,
    size: 1,
    range: null,
    peer,
    hangUp: null,
  } as const;
  recorder.start();
  recorder.fetched(fetch);
  await isLookedFor;
  recorder.missed(macOf(1), peer);
  goOn();
  await until("it is kept", async () => (await fleet.findDevice(macOf(1))) !== null);
  recorder.fetched(fetch);
  await recorder.stop();
  expect(await fleet.listPickups(macOf(1))).toMatchObject([{ name: "plug.bin", fetchedRevision: 1 }]);
});

function recorderOf(fleet: FleetStore): Recorder {
  return new Recorder({
    fleet,
    diagnosis: null,
    metrics: createMetrics("0"),
    log: pino({ level: "silent" }),
    now: () => new Date(),
    maxUnknownDevices: 10,
  });
}
