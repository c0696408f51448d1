import { describe, expect, test } from "bun:test";
import { messageOf, messageTo } from "../../src/announcements/message.ts";
import type { FileKind } from "../../src/store/index.ts";

const announcement = (kind: FileKind, name: string) =>
  ({ kind, name, device: null, revision: 7, attempts: 3, committedAt: new Date(0), toldTo: null }) as const;
const of = (kind: FileKind, name: string) => messageOf(announcement(kind, name));

describe("an announcement's message", () => {
  test("names a config by the file that a device fetches", () => {
    expect(of("configs", "aa-bb-cc-dd-ee-ff")).toEqual({
      topic: "iotsupport/updates/configs",
      pattern: "iotsupport/updates/configs",
      payload: `{"filename":"aa-bb-cc-dd-ee-ff.json"}`,
      revision: 7,
    });
  });

  test("names an asset as it was uploaded", () => {
    expect(of("assets", "firmware.bin")).toEqual({
      topic: "iotsupport/updates/assets",
      pattern: "iotsupport/updates/assets",
      payload: `{"filename":"firmware.bin"}`,
      revision: 7,
    });
  });

  test("to one device says the same on that device's own topic", () => {
    expect(messageTo("aa-bb-cc-dd-ee-ff", announcement("assets", "firmware.bin"))).toEqual({
      topic: "iotsupport/devices/aa-bb-cc-dd-ee-ff/updates",
      pattern: "iotsupport/devices/+/updates",
      payload: `{"filename":"firmware.bin"}`,
      revision: 7,
    });
  });

  test.each([`a "quoted" name`, "a%20b#+", "k\u00fcche\u{1f600}.bin"])(
    "is JSON also of %j, which never reaches the topic",
    (name) => {
      const { topic, payload } = of("assets", name);
      expect(topic).toBe("iotsupport/updates/assets");
      expect(JSON.parse(payload)).toEqual({ filename: name });
    },
  );
});
