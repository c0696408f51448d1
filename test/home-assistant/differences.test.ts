import { describe, expect, test } from "bun:test";
import { differencesOf } from "../../src/home-assistant/differences.ts";
import type { Entity } from "../../src/home-assistant/entity.ts";

const MAC = "aa-bb-cc-dd-ee-ff";
const CONFIG = entity({});
const shownBefore = differencesOf([CONFIG], [], false).shown.map(({ published }) => published);
const goneBefore = shownBefore.map((each) => ({ ...each, isGone: true }));

describe("from what was shown to what is to be", () => {
  test("what is new is shown, what is and how it is", () => {
    const { gone, shown } = differencesOf([CONFIG], [], false);
    expect(gone).toEqual([]);
    expect(shown.flatMap(({ messages }) => messages)).toEqual([
      { topic: "at/config", payload: "what it is", isRetained: true },
      { topic: "at/state", payload: "how it is", isRetained: true },
    ]);
  });

  test("what is as it was is nothing to do, unless it is to be shown again", () => {
    expect(differencesOf([CONFIG], shownBefore, false)).toEqual({
      gone: [],
      shown: [],
    });
    const again = differencesOf([CONFIG], shownBefore, true);
    expect(again.shown.flatMap(({ messages }) => messages)).toHaveLength(2);
    expect(again.gone).toEqual([]);
  });

  test("what is not known to stand there, or not to, is shown, or taken back", () => {
    const unsure = shownBefore.map((each) => ({ ...each, configDigest: "", stateDigest: "" }));
    expect(differencesOf([CONFIG], unsure, false).shown.flatMap(({ messages }) => messages)).toHaveLength(2);
    expect(differencesOf([], unsure, false).gone.flatMap(({ messages }) => messages)).toHaveLength(2);
  });

  test("what was taken back is shown anew, all of it", () => {
    const { gone, shown } = differencesOf([CONFIG], goneBefore, false);
    expect(gone).toEqual([]);
    expect(shown.flatMap(({ messages }) => messages)).toHaveLength(2);
  });

  test("what was taken back is taken back again where all is shown again", () => {
    expect(differencesOf([], goneBefore, false)).toEqual({ gone: [], shown: [] });
    const { gone } = differencesOf([], goneBefore, true);
    expect(gone.flatMap(({ messages }) => messages.map(({ topic }) => topic))).toContain("at/config");
  });

  test("of what has changed, that alone is shown", () => {
    const { shown } = differencesOf([entity({ state: "another" })], shownBefore, false);
    expect(shown.flatMap(({ messages }) => messages)).toEqual([
      { topic: "at/state", payload: "another", isRetained: true },
    ]);
  });

  test("what is gone is emptied, on both its topics", () => {
    const { gone, shown } = differencesOf([], shownBefore, false);
    expect(shown).toEqual([]);
    expect(gone.flatMap(({ messages }) => messages)).toEqual([
      { topic: "at/config", payload: "", isRetained: true },
      { topic: "iotsupport/ha/aabbccddeeff/config", payload: "", isRetained: true },
    ]);
  });

  test("what has moved is emptied where it was, and shown where it is", () => {
    const { gone, shown } = differencesOf([entity({ configTopic: "elsewhere" })], shownBefore, false);
    expect(gone.flatMap(({ messages }) => messages.map(({ topic }) => topic))).toContain("at/config");
    expect(shown.flatMap(({ messages }) => messages.map(({ topic }) => topic))).toEqual([
      "elsewhere",
      "at/state",
    ]);
  });

  test("what is to leave something out that was shown is emptied before it is shown, whole", () => {
    const named = differencesOf([entity({ optional: ["name"] })], [], false).shown;
    const before = named.map(({ published }) => published);
    const { gone, shown } = differencesOf([CONFIG], before, false);
    expect(gone.flatMap(({ messages }) => messages)).toHaveLength(2);
    expect(shown.flatMap(({ messages }) => messages)).toHaveLength(2);
    // A kill before it is known that the broker has it leaves that as it was.
    const unsure = shown.flatMap((step) => step.unsure ?? []);
    expect(differencesOf([CONFIG], unsure, false).gone).toHaveLength(1);
    expect(differencesOf([entity({ optional: ["model", "name"] })], before, false).gone).toEqual([]);
  });
});

function entity(change: Partial<Entity>): Entity {
  return {
    mac: MAC,
    kind: "configs",
    name: MAC,
    configTopic: "at/config",
    config: "what it is",
    stateTopic: "at/state",
    state: "how it is",
    optional: [],
    ...change,
  };
}
