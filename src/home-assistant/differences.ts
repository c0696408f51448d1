import { createHash } from "node:crypto";
import type { Publication } from "../announcements/index.ts";
import type { FileKey, Published } from "../store/index.ts";
import type { Entity } from "./entity.ts";
import { topicsOf } from "./topics.ts";

/** Messages to be retained, and what is to be noted once the broker has them all. */
export interface Step {
  readonly published: Published;
  /** What is to be noted before it is given them: that it may be as it was, or as it is to be. Null where it is gone. */
  readonly unsure: Published | null;
  readonly messages: readonly Publication[];
}

/** From what a device's entities were to what they are to be: first what is taken back, then what is shown. */
export interface Differences {
  readonly gone: readonly Step[];
  readonly shown: readonly Step[];
}

const UNKNOWN = { configDigest: "", stateDigest: "" } as const;

/**
 * What differs. `before` is what was noted; what is to leave something out that was shown, as where the device was
 * forgotten, is taken back first: Home Assistant would go on with that. `isAgain` shows, and takes back, also what has not
 * changed.
 */
export function differencesOf(
  entities: readonly Entity[],
  before: readonly Published[],
  isAgain: boolean,
): Differences {
  const isStale = (each: Published) =>
    !entities.some((entity) => isAt(entity, each) && leftOut(entity, each).length === 0);
  const stale = before.filter(isStale);
  const standing = before.filter((each) => !isStale(each) && !each.isGone);
  return {
    gone: stale
      .filter(({ isGone }) => isAgain || !isGone)
      .map((published) => ({
        published,
        unsure: published.isGone ? null : { ...published, ...UNKNOWN },
        messages: emptied(published),
      })),
    shown: entities
      .map((entity) => {
        const known = isAgain ? undefined : standing.find((each) => isAt(entity, each));
        return stepOf(
          entity,
          known,
          before.filter((each) => isSameFile(entity, each)),
        );
      })
      .filter(({ messages }) => messages.length > 0),
  };
}

/** Whether this is what was shown there: a changed prefix moves it. */
function isAt(entity: Entity, published: Published): boolean {
  return isSameFile(entity, published) && entity.configTopic === published.topic;
}

function isSameFile(one: FileKey, other: FileKey): boolean {
  return one.kind === other.kind && one.name === other.name;
}

/** What was shown and is to be left out. */
function leftOut({ optional }: Entity, before: Published): readonly string[] {
  return before.optional.split(" ").filter((name) => name !== "" && !optional.includes(name));
}

function emptied(published: Published): Publication[] {
  const { state } = topicsOf("", published.mac, published); // The prefix is no part of that.
  return [published.topic, state].map((topic) => ({ topic, payload: "", isRetained: true }));
}

function stepOf(entity: Entity, known: Published | undefined, before: readonly Published[]): Step {
  const { mac, kind, name, configTopic, config, stateTopic, state } = entity;
  const [configDigest, stateDigest] = [digestOf(config), digestOf(state)];
  const isThere = { mac, kind, name, topic: configTopic, isGone: false };
  const everShown = [...entity.optional, ...before.flatMap((each) => leftOut(entity, each))];
  return {
    published: { ...isThere, configDigest, stateDigest, optional: entity.optional.join(" ") },
    unsure: { ...isThere, ...UNKNOWN, optional: everShown.join(" ") },
    messages: [
      ...(known?.configDigest === configDigest
        ? []
        : [{ topic: configTopic, payload: config, isRetained: true }]),
      ...(known?.stateDigest === stateDigest
        ? []
        : [{ topic: stateTopic, payload: state, isRetained: true }]),
    ],
  };
}

function digestOf(payload: string): string {
  return createHash("sha256").update(payload).digest("hex").slice(0, 32);
}
