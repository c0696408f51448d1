import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import * as v from "valibot";
import { entityOf, type Update } from "../../src/home-assistant/entity.ts";
import { macOfInstall, topicsOf } from "../../src/home-assistant/topics.ts";
import type { Device, FileKey } from "../../src/store/index.ts";
import { DiscoveryPayload, StatePayload } from "./schemas.ts";

const MAC = "aa-bb-cc-dd-ee-ff";
const DEVICE: Device = {
  mac: MAC,
  name: null,
  model: null,
  chip: null,
  labels: {},
  address: null,
  lastSeenAt: null,
  longestAbsenceMs: null,
  patienceMs: 0,
  telemetry: null,
  isUnknown: false,
};
const anyName = fc.string({ unit: "binary", minLength: 1, maxLength: 60 });
const anyUpdate: fc.Arbitrary<Update> = fc.record({
  kind: fc.constantFrom("configs", "assets"),
  name: anyName,
  installed: fc.option(fc.string({ minLength: 1 })),
  latest: fc.string({ minLength: 1 }),
  summary: fc.option(fc.string({ unit: "binary", maxLength: 400 })),
  isFetching: fc.boolean(),
  percent: fc.option(fc.integer({ min: 0, max: 100 })),
});

describe("whatever is known of a device", () => {
  test("is told in words that Home Assistant takes", () => {
    fc.assert(
      fc.property(anyUpdate, fc.option(anyName), fc.option(anyName), (update, name, model) => {
        const entity = entityOf("homeassistant", { ...DEVICE, name, model }, update);
        v.parse(DiscoveryPayload, JSON.parse(entity.config));
        v.parse(StatePayload, JSON.parse(entity.state));
        expect(entity.configTopic).toMatch(/^homeassistant\/update\/[\w-]+\/[\w-]+\/config$/);
        expect(macOfInstall(JSON.parse(entity.config).command_topic)).toBe(MAC);
      }),
    );
  });

  test("never says more than is known: what is not installed is left out, and no progress ends it", () => {
    const update = { kind: "assets", name: "plug.bin", installed: null, latest: "1", summary: null } as const;
    const stateOf = (more: Pick<Update, "isFetching" | "percent">) =>
      JSON.parse(entityOf("homeassistant", DEVICE, { ...update, ...more }).state);
    const known = { latest_version: "1", title: "plug.bin", release_summary: "" };
    expect(stateOf({ isFetching: false, percent: 40 })).toEqual({
      ...known,
      in_progress: false,
      update_percentage: null,
    });
    expect(stateOf({ isFetching: true, percent: null })).toEqual({
      ...known,
      in_progress: true,
      update_percentage: null,
    });
    expect(stateOf({ isFetching: true, percent: 40 })).toEqual({
      ...known,
      in_progress: true,
      update_percentage: 40,
    });
  });
});

describe("an entity's topics", () => {
  const idOf = (file: FileKey) => topicsOf("homeassistant", MAC, file).uniqueId;

  test("are as its documents show them", () => {
    expect(topicsOf("homeassistant", MAC, { kind: "assets", name: "plug.bin" })).toEqual({
      config: "homeassistant/update/iotsupport_aabbccddeeff/plug_bin/config",
      state: "iotsupport/ha/aabbccddeeff/plug_bin",
      install: "iotsupport/ha/aabbccddeeff/plug_bin/install",
      uniqueId: "iotsupport_aabbccddeeff_plug_bin",
    });
  });

  test.each([
    ["plug.bin", "plug_bin"],
    ["plug_bin", "plug bin"],
    ["PLUG.BIN", "plug.bin"],
    ["küche.bin", "k\u{fc}che_bin"],
    ["config", "Config"],
  ])("differ for %j and %j", (one, other) => {
    expect(idOf({ kind: "assets", name: one })).not.toBe(idOf({ kind: "assets", name: other }));
  });

  test("of a config are no asset's", () => {
    const config = idOf({ kind: "configs", name: MAC });
    fc.assert(fc.property(anyName, (name) => idOf({ kind: "assets", name }) !== config));
    expect(idOf({ kind: "assets", name: "config" })).not.toBe(config);
  });

  test.each([
    "iotsupport/ha/status",
    "iotsupport/ha/aabbccddeeff/plug_bin",
    "iotsupport/ha/aabb/x/install",
    "x",
  ])("%s is no button", (topic) => {
    expect(macOfInstall(topic)).toBeNull();
  });
});
