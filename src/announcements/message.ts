import type { Announcement, FileKind } from "../store/index.ts";

export type Topic = `iotsupport/updates/${FileKind}`;

export const topics: readonly Topic[] = ["iotsupport/updates/configs", "iotsupport/updates/assets"];

/** What goes over the wire for one announcement. Devices in the field rely on topic and payload. */
export interface Message {
  readonly topic: Topic;
  /** Exactly `{"filename":"…"}`. */
  readonly payload: string;
  readonly revision: number;
}

export function messageOf({ kind, name, revision }: Announcement): Message {
  const filename = kind === "configs" ? `${name}.json` : name;
  return { topic: `iotsupport/updates/${kind}`, payload: JSON.stringify({ filename }), revision };
}
