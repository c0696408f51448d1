import { expect, test } from "bun:test";
import { pino } from "pino";
import { Recorder } from "../../src/fleet/recorder.ts";
import { createMetrics } from "../../src/ops/index.ts";
import { openSqliteStore } from "../../src/store/index.ts";
import { macOf, openStoreUnderTest } from "../store/store-under-test.ts";

test("what is seen while the store is slow is kept in one go, once it is done", async () => {
  await using opened = await openStoreUnderTest(async (options) => openSqliteStore(options));
  const { fleet } = opened.store;
  const begun: (readonly string[])[] = [];
  const { promise: isSlow, resolve: goOn } = Promise.withResolvers<void>();
  const { promise: hasBegun, resolve: begin } = Promise.withResolvers<void>();
  const recorder = new Recorder({
    fleet: new Proxy(fleet, {
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
    diagnosis: null,
    metrics: createMetrics("0"),
    log: pino({ level: "silent" }),
    now: () => new Date(),
    maxUnknownDevices: 10,
  });
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
