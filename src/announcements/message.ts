import type { Announcement, FileKind } from "../store/index.ts";

/** A topic that all devices share, or the pattern of those that belong to one each. */
export type TopicPattern = `iotsupport/updates/${FileKind}` | "iotsupport/devices/+/updates";

export const sharedTopics: readonly TopicPattern[] = [
  "iotsupport/updates/configs",
  "iotsupport/updates/assets",
];
export const deviceTopics: TopicPattern = "iotsupport/devices/+/updates";

/** What goes over the wire for one announcement. Devices in the field rely on topic and payload. */
export interface Message {
  readonly topic: string;
  /** Of its topic, for what must not grow with the fleet: access control, metrics, the log. */
  readonly pattern: TopicPattern;
  /** Exactly `{"filename":"…"}`. */
  readonly payload: string;
  readonly revision: number;
}

/** To everybody. */
export function messageOf(announcement: Announcement): Message {
  const topic: TopicPattern = `iotsupport/updates/${announcement.kind}`;
  return { topic, pattern: topic, ...contentOf(announcement) };
}

/** To one device, on its own topic. */
export function messageTo(mac: string, announcement: Announcement): Message {
  return { topic: deviceTopics.replace("+", mac), pattern: deviceTopics, ...contentOf(announcement) };
}

function contentOf({ kind, name, revision }: Announcement): Pick<Message, "payload" | "revision"> {
  const filename = kind === "configs" ? `${name}.json` : name;
  return { payload: JSON.stringify({ filename }), revision };
}
