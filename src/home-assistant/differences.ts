import { createHash } from "node:crypto";
import type { Publication } from "../announcements/index.ts";
import type { FileKey, Published } from "../store/index.ts";
import type { Entity } from "./entity.ts";
import { topicsOf } from "./topics.ts";

/** Messages to be retained, and what is to be noted once the broker has them all. */
export interface Step {
  readonly published: Published;
  readonly messages: readonly Publication[];
}

/** From what a device's entities were to what they are to be: first what is taken back, then what is shown. */
export interface Differences {
  readonly gone: readonly Step[];
  readonly shown: readonly Step[];
}

/**
 * What differs. `before` is what was noted; where the device was forgotten, all of it is taken back first, so that
 * nothing that Home Assistant remembers of it outlasts that. `isAgain` shows, and takes back, also what has not changed.
 */
export function differencesOf(
  entities: readonly Entity[],
  before: readonly Published[],
  { isAgain, isForgotten }: { readonly isAgain: boolean; readonly isForgotten: boolean },
): Differences {
  const isStale = (each: Published) => isForgotten || !entities.some((entity) => isAt(entity, each));
  const stale = before.filter(isStale);
  const standing = before.filter((each) => !isStale(each) && !each.isGone);
  return {
    gone: stale
      .filter(({ isGone }) => isAgain || !isGone)
      .map((published) => ({ published, messages: emptied(published) })),
    shown: entities
      .map((entity) => stepOf(entity, isAgain ? undefined : standing.find((each) => isAt(entity, each))))
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

function emptied(published: Published): Publication[] {
  const { state } = topicsOf("", published.mac, published); // The prefix is no part of that.
  return [published.topic, state].map((topic) => ({ topic, payload: "", isRetained: true }));
}

function stepOf(entity: Entity, known: Published | undefined): Step {
  const { mac, kind, name, configTopic, config, stateTopic, state } = entity;
  const [configDigest, stateDigest] = [digestOf(config), digestOf(state)];
  return {
    published: { mac, kind, name, topic: configTopic, configDigest, stateDigest, isGone: false },
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
