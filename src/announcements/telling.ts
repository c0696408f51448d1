import type { Announcement } from "../store/index.ts";
import { type Message, messageOf, messageTo } from "./message.ts";

/** Where devices have topics of their own. */
export interface DeviceTopics {
  /** Whether the topics that all devices share are used besides. */
  readonly besidesShared: boolean;
  /** The devices that are known to use an asset: those whose MAC comes after this one, in order, at most so many. */
  readonly usersOf: (filename: string, after: string, most: number) => Promise<readonly string[]>;
}

/** The next messages of an announcement; one that concerns a large fleet is told in many parts. */
export interface Part {
  readonly announcement: Announcement;
  /** In order, each with what the announcement is told to once this one and those before it are out. */
  readonly steps: readonly { readonly message: Message; readonly toldTo: string }[];
  /** Whether nothing remains after it. */
  readonly isLast: boolean;
}

/** The shared topic is served, and no device yet. */
const NO_DEVICE = "";

/**
 * What is to be told next, in at most so many messages (one or more). `toldTo` of the announcement is how far it is:
 * null, or the last device that was told, devices having their turn in the order of their MACs after the shared topic.
 */
export async function nextPart(
  announcement: Announcement,
  most: number,
  topics: DeviceTopics | null,
): Promise<Part> {
  const { device, toldTo } = announcement;
  const toAll = { message: messageOf(announcement), toldTo: NO_DEVICE };
  if (topics === null) return { announcement, steps: [toAll], isLast: true };
  if (device !== null) return { announcement, steps: [stepTo(device, announcement)], isLast: true };

  const shared = toldTo === null && topics.besidesShared ? [toAll] : [];
  const room = most - shared.length;
  const macs = room === 0 ? [] : await devicesAfter(announcement, toldTo ?? NO_DEVICE, room, topics);
  const steps = [...shared, ...macs.map((mac) => stepTo(mac, announcement))];
  return { announcement, steps, isLast: macs.length < room || macs.at(-1) === ownerOf(announcement) };
}

function stepTo(mac: string, announcement: Announcement): Part["steps"][number] {
  return { message: messageTo(mac, announcement), toldTo: mac };
}

async function devicesAfter(
  announcement: Announcement,
  toldTo: string,
  most: number,
  { usersOf }: DeviceTopics,
): Promise<readonly string[]> {
  const owner = ownerOf(announcement);
  if (owner === null) return await usersOf(announcement.name, toldTo, most);
  return toldTo < owner ? [owner] : [];
}

/** A config concerns the one device that it is named after. */
function ownerOf({ kind, name }: Announcement): string | null {
  return kind === "configs" ? name : null;
}
