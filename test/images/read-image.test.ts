import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { ROM } from "esptool-js";
import type { BaseFirmwareImage } from "esptool-js/lib/image/base.js";
import type { ESP32FirmwareImage } from "esptool-js/lib/image/esp32.js";
import { loadFirmwareImage } from "esptool-js/lib/image/index.js";
import { ESP32ROM } from "esptool-js/lib/targets/esp32.js";
import { ESP32C2ROM } from "esptool-js/lib/targets/esp32c2.js";
import { ESP32C3ROM } from "esptool-js/lib/targets/esp32c3.js";
import { ESP32C5ROM } from "esptool-js/lib/targets/esp32c5.js";
import { ESP32C6ROM } from "esptool-js/lib/targets/esp32c6.js";
import { ESP32C61ROM } from "esptool-js/lib/targets/esp32c61.js";
import { ESP32H2ROM } from "esptool-js/lib/targets/esp32h2.js";
import { ESP32P4ROM } from "esptool-js/lib/targets/esp32p4.js";
import { ESP32S2ROM } from "esptool-js/lib/targets/esp32s2.js";
import { ESP32S3ROM } from "esptool-js/lib/targets/esp32s3.js";
import { ESP8266ROM } from "esptool-js/lib/targets/esp8266.js";
import fc from "fast-check";
import { esp32Image, esp8266Image } from "../../simulate/esp-image.ts";
import { defectOf, parseChip, readImage, versionOf } from "../../src/images/index.ts";

type KnownRom = ROM & { readonly IMAGE_CHIP_ID?: number };

const roms: readonly (readonly [chip: string, rom: KnownRom])[] = [
  ["ESP32", new ESP32ROM()],
  ["ESP32-S2", new ESP32S2ROM()],
  ["ESP32-S3", new ESP32S3ROM()],
  ["ESP32-C2", new ESP32C2ROM()],
  ["ESP32-C3", new ESP32C3ROM()],
  ["ESP32-C5", new ESP32C5ROM()],
  ["ESP32-C6", new ESP32C6ROM()],
  ["ESP32-C61", new ESP32C61ROM()],
  ["ESP32-H2", new ESP32H2ROM()],
  ["ESP32-P4", new ESP32P4ROM()],
];

describe("an image of an ESP32", () => {
  test.each(roms)("is read as Espressif's own tool reads it: %s", async (chip, rom) => {
    const bytes = esp32Image({ chipId: rom.IMAGE_CHIP_ID ?? -1, minChipRevision: 103 });
    const theirs = (await loadFirmwareImage(rom, bytes)) as ESP32FirmwareImage;
    const { image } = await readImage(new Blob([bytes]));
    expect(image).toMatchObject({ chip, checksum: "valid", minChipRevision: 103 });
    expect(theirs).toMatchObject({
      chipId: rom.IMAGE_CHIP_ID,
      appendDigest: true,
      checksum: checksumOf(theirs),
    });
    // esptool-js 0.7.0 takes the revision from one byte before its place, as if the chip id had only one.
    expect(theirs.minRevFull >> 8).toBe(103);
    expect(image?.length).toBe(lengthOf(theirs) + 32);
    // It takes the digest, too, from one byte before its place, so that its first is the checksum.
    const stored = Buffer.from(theirs.storedDigest ?? []);
    expect([stored[0], stored.subarray(1).toString("hex")]).toEqual([
      theirs.checksum,
      image?.digest?.sha256.slice(0, -2),
    ]);
  });

  test("says what its descriptor says", async () => {
    const reading = await readImage(new Blob([esp32Image()]));
    expect(reading.image?.description).toEqual({
      version: "1.4.2",
      project: "plug",
      built: "Jan  2 2026 12:30:00",
      idfVersion: "v5.3.1",
      elfSha256: "e1".repeat(32),
      secureVersion: 7,
    });
    expect(versionOf(reading)).toBe("1.4.2");
  });

  test("built with Arduino says nothing of its own version", async () => {
    const bytes = esp32Image({ project: "arduino-lib-builder", version: "esp-idf: v4.4.6" });
    expect(versionOf(await readImage(new Blob([bytes])))).toBeNull();
  });

  test("is known by the hashes that its device gives, which are those of the image and not of the file", async () => {
    const image = esp32Image();
    const reading = await readImage(new Blob([image, Buffer.alloc(4_096, 0xff)])); // As a signature follows.
    expect(reading.runningMd5s).toContain(md5(image));
    expect(reading.runningSha256s).toEqual([image.subarray(-32).toString("hex")]);
    const plain = esp32Image({ hasDigest: false });
    const { runningSha256s } = await readImage(new Blob([plain, Buffer.alloc(100)]));
    expect(runningSha256s).toEqual([createHash("sha256").update(plain).digest("hex")]);
  });

  test("is found damaged wherever a bit of it changes, or cut off wherever it ends", async () => {
    const bytes = esp32Image({ programBytes: 600 });
    // Before the segments stands what no checksum covers, the digest alone; the descriptor's magic makes the claim.
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0x24, max: bytes.length - 1 }),
        fc.integer({ min: 0, max: 7 }),
        async (at, bit) => {
          const damaged = Buffer.from(bytes);
          damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << bit), at);
          expect(defectOf(await readImage(new Blob([damaged])))).not.toBeNull();
        },
      ),
      { numRuns: 300 },
    );
    for (let length = 0x120; length < bytes.length; length += 7) {
      expect(defectOf(await readImage(new Blob([bytes.subarray(0, length)])))).toBe(
        "is an ESP32 image that is cut off",
      );
    }
  });
});

describe("an image of an ESP8266", () => {
  test("is read as Espressif's own tool reads it, behind its loader", async () => {
    const bytes = esp8266Image();
    const theirs = await loadFirmwareImage(new ESP8266ROM(), bytes.subarray(0x1000));
    const { image } = await readImage(new Blob([bytes, Buffer.alloc(64)]));
    expect(image).toMatchObject({ chip: "ESP8266", checksum: "valid", length: 0x1000 + lengthOf(theirs) });
    expect(theirs.checksum).toBe(checksumOf(theirs));
  });

  test("is known by the MD5 of each flash mode, which the device writes into it", async () => {
    const reading = await readImage(new Blob([esp8266Image()]));
    for (const flashMode of [0, 1, 2, 3]) {
      expect(reading.runningMd5s).toContain(md5(esp8266Image({ flashMode })));
    }
    expect(reading.runningMd5s).toHaveLength(4);
    expect(reading.md5).toBe(md5(esp8266Image()));
  });

  test("that is packed is known by what it unpacks to", async () => {
    const packed = gzipSync(esp8266Image());
    const reading = await readImage(new Blob([packed]));
    expect(reading).toMatchObject({ md5: md5(packed), image: { chip: "ESP8266", checksum: "valid" } });
    for (const flashMode of [0, 1, 2, 3]) {
      expect(reading.runningMd5s).toContain(md5(esp8266Image({ flashMode })));
    }
  });

  test("that is packed badly, or into very little, is a file like any other", async () => {
    const packed = gzipSync(esp8266Image());
    packed.fill(0xff, 60, 120);
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
    for (const bytes of [packed, bomb, packed.subarray(0, 5)]) {
      expect(await readImage(new Blob([bytes]))).toEqual({
        md5: md5(bytes),
        image: null,
        runningMd5s: [md5(bytes)],
        runningSha256s: [],
      });
    }
  });
});

test("any bytes are read to their end, whatever they claim to be", async () => {
  const claim = fc.constantFrom(
    Buffer.alloc(0),
    Buffer.of(0xe9),
    esp32Image().subarray(0, 0x130),
    esp8266Image(),
  );
  await fc.assert(
    fc.asyncProperty(claim, fc.uint8Array({ maxLength: 3_000 }), async (head, rest) => {
      const bytes = Buffer.concat([head, rest]);
      expect((await readImage(new Blob([bytes]))).md5).toBe(md5(bytes));
    }),
  );
});

test.each([
  ["esp32", "ESP32"],
  ["ESP32-D0WDQ6", "ESP32"],
  ["ESP32-PICO-D4", "ESP32"],
  ["ESP32-S0WD", "ESP32"],
  ["esp32c3", "ESP32-C3"],
  ["ESP32-C61", "ESP32-C61"],
  ["ESP32-S2FH16", "ESP32-S2"],
  ["ESP8266EX", "ESP8266"],
  ["esp8285", "ESP8266"],
  ["ESP32-Z9", null],
  ["AVR", null],
  ["", null],
])("a chip that is called %p is one of the family %p", (text, family) => {
  expect(parseChip(text)).toBe(family);
});

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

/** By their segments alone, up to the checksum and with it. */
function lengthOf({ segments }: BaseFirmwareImage): number {
  const last = segments.at(-1);
  const end = (last?.fileOffs ?? 0) + 8 + (last?.data.length ?? 0);
  return end + 16 - (end % 16);
}

function checksumOf(image: BaseFirmwareImage): number {
  return image.calculateChecksum();
}
