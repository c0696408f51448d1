import { describe, expect, test } from "bun:test";
import { type DeviceTopics, nextPart } from "../../src/announcements/telling.ts";
import type { Announcement } from "../../src/store/index.ts";

const MAC = "aa-bb-cc-dd-ee-ff";
const USERS = ["aa-00-00-00-00-01", "aa-00-00-00-00-02", "aa-00-00-00-00-03"];
const CONFIG = announcementOf({ kind: "configs", name: MAC });
const ASSET = announcementOf({ kind: "assets", name: "plug.bin" });
const [SHARED_CONFIG, SHARED_ASSET] = ["iotsupport/updates/configs", "iotsupport/updates/assets"];
const OWN = `iotsupport/devices/${MAC}/updates`;
const OF_USERS = USERS.map((mac) => `iotsupport/devices/${mac}/updates`);

const wholes: readonly [what: string, Announcement, which: "off" | "on" | "only", topics: string[]][] = [
  ["a config", CONFIG, "off", [SHARED_CONFIG]],
  ["a config", CONFIG, "on", [SHARED_CONFIG, OWN]],
  ["a config", CONFIG, "only", [OWN]],
  ["an asset", ASSET, "off", [SHARED_ASSET]],
  ["an asset", ASSET, "on", [SHARED_ASSET, ...OF_USERS]],
  ["an asset", ASSET, "only", OF_USERS],
  ["an asset for one alone", { ...ASSET, device: MAC }, "on", [OWN]],
  ["an asset for one alone", { ...ASSET, device: MAC }, "only", [OWN]],
  ["an asset for one alone", { ...ASSET, device: MAC }, "off", [SHARED_ASSET]],
];

describe.each(wholes)("%s is told", (_, announcement, which, topics) => {
  test(`with device topics ${which}, to ${topics.join(", ")}`, async () => {
    const part = await nextPart(announcement, 100, topicsOf(which));
    expect(part.steps.map(({ message }) => message.topic)).toEqual(topics);
    expect(part.isLast).toBe(true);
  });

  test.each([1, 2, 3])(`the same in parts of %d with device topics ${which}`, async (most) => {
    expect(await toldInParts(announcement, most, which)).toEqual(topics);
  });
});

test("an asset that nobody is known to use is told to nobody, and done with", async () => {
  const nobody = { besidesShared: false, usersOf: async () => [] };
  expect(await nextPart(ASSET, 100, nobody)).toEqual({ announcement: ASSET, steps: [], isLast: true });
});

async function toldInParts(announcement: Announcement, most: number, which: "off" | "on" | "only") {
  const told: string[] = [];
  let { toldTo } = announcement;
  for (;;) {
    const { steps, isLast } = await nextPart({ ...announcement, toldTo }, most, topicsOf(which));
    expect(steps.length).toBeLessThanOrEqual(most);
    told.push(...steps.map(({ message }) => message.topic));
    toldTo = steps.at(-1)?.toldTo ?? toldTo;
    if (isLast) return told;
  }
}

function topicsOf(which: "off" | "on" | "only"): DeviceTopics | null {
  if (which === "off") return null;
  return {
    besidesShared: which === "on",
    usersOf: async (_, after, most) => USERS.filter((mac) => mac > after).slice(0, most),
  };
}

function announcementOf(file: Pick<Announcement, "kind" | "name">): Announcement {
  return { ...file, device: null, revision: 1, toldTo: null, attempts: 0, committedAt: new Date(0) };
}
