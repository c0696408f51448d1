import { describe, expect, test } from "bun:test";
import { differencesOf } from "../../src/home-assistant/differences.ts";
import type { Entity } from "../../src/home-assistant/entity.ts";

const MAC = "aa-bb-cc-dd-ee-ff";
const NEITHER = { isAgain: false, isForgotten: false };
const CONFIG = entity({});
const shownBefore = differencesOf([CONFIG], [], NEITHER).shown.map(({ published }) => published);
const goneBefore = shownBefore.map((each) => ({ ...each, isGone: true }));

describe("from what was shown to what is to be", () => {
  test("what is new is shown, what is and how it is", () => {
    const { gone, shown } = differencesOf([CONFIG], [], NEITHER);
    expect(gone).toEqual([]);
    expect(shown.flatMap(({ messages }) => messages)).toEqual([
      { topic: "at/config", payload: "what it is", isRetained: true },
      { topic: "at/state", payload: "how it is", isRetained: true },
    ]);
  });

  test("what is as it was is nothing to do, unless it is to be shown again", () => {
    expect(differencesOf([CONFIG], shownBefore, NEITHER)).toEqual({
      gone: [],
      shown: [],
    });
    const again = differencesOf([CONFIG], shownBefore, { isAgain: true, isForgotten: false });
    expect(again.shown.flatMap(({ messages }) => messages)).toHaveLength(2);
    expect(again.gone).toEqual([]);
  });

  test("what is not known to stand there, or not to, is shown, or taken back", () => {
    const unsure = shownBefore.map((each) => ({ ...each, configDigest: "", stateDigest: "" }));
    expect(differencesOf([CONFIG], unsure, NEITHER).shown.flatMap(({ messages }) => messages)).toHaveLength(
      2,
    );
    expect(differencesOf([], unsure, NEITHER).gone.flatMap(({ messages }) => messages)).toHaveLength(2);
  });

  test("what was taken back is shown anew, all of it", () => {
    const { gone, shown } = differencesOf([CONFIG], goneBefore, NEITHER);
    expect(gone).toEqual([]);
    expect(shown.flatMap(({ messages }) => messages)).toHaveLength(2);
  });

  test("what was taken back is taken back again where all is shown again", () => {
    expect(differencesOf([], goneBefore, NEITHER)).toEqual({ gone: [], shown: [] });
    const { gone } = differencesOf([], goneBefore, { isAgain: true, isForgotten: false });
    expect(gone.flatMap(({ messages }) => messages.map(({ topic }) => topic))).toContain("at/config");
  });

  test("of what has changed, that alone is shown", () => {
    const { shown } = differencesOf([entity({ state: "another" })], shownBefore, NEITHER);
    expect(shown.flatMap(({ messages }) => messages)).toEqual([
      { topic: "at/state", payload: "another", isRetained: true },
    ]);
  });

  test("what is gone is emptied, on both its topics", () => {
    const { gone, shown } = differencesOf([], shownBefore, NEITHER);
    expect(shown).toEqual([]);
    expect(gone.flatMap(({ messages }) => messages)).toEqual([
      { topic: "at/config", payload: "", isRetained: true },
      { topic: "iotsupport/ha/aabbccddeeff/config", payload: "", isRetained: true },
    ]);
  });

  test("what has moved is emptied where it was, and shown where it is", () => {
    const { gone, shown } = differencesOf([entity({ configTopic: "elsewhere" })], shownBefore, NEITHER);
    expect(gone.flatMap(({ messages }) => messages.map(({ topic }) => topic))).toContain("at/config");
    expect(shown.flatMap(({ messages }) => messages.map(({ topic }) => topic))).toEqual([
      "elsewhere",
      "at/state",
    ]);
  });

  test("of a device that was forgotten, all is emptied before it is shown", () => {
    const { gone, shown } = differencesOf([CONFIG], shownBefore, { isAgain: false, isForgotten: true });
    expect([gone.length, shown.length]).toEqual([1, 1]);
    expect(shown.flatMap(({ messages }) => messages)).toHaveLength(2);
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
    ...change,
  };
}
