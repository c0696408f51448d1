import { createHash } from "node:crypto";

export type MadeImage = {
  readonly chipId?: number;
  readonly version?: string;
  readonly project?: string;
  readonly hasDigest?: boolean;
  readonly minChipRevision?: number;
  /** In bytes, of the second of its two segments. */
  readonly programBytes?: number;
  readonly filling?: string;
};

const DESCRIPTOR_BYTES = 256;

/** An application as ESP-IDF's tools lay it out: header, two segments, checksum, appended digest. */
export function esp32Image({
  chipId = 5,
  version = "1.4.2",
  project = "plug",
  hasDigest = true,
  minChipRevision = 3,
  programBytes = 5_001,
  filling = "program",
}: MadeImage = {}): Buffer {
  const header = Buffer.alloc(24);
  header.set([0xe9, 2, 2, 0x20]);
  header.writeUInt32LE(0x4038_0000, 4);
  header.writeUInt16LE(chipId, 12);
  header.writeUInt16LE(minChipRevision, 15);
  header.writeUInt16LE(199, 17);
  header[23] = hasDigest ? 1 : 0;
  const description = Buffer.alloc(DESCRIPTOR_BYTES);
  description.writeUInt32LE(0xabcd_5432, 0);
  description.writeUInt32LE(7, 4);
  description.write(version, 0x10, 32);
  description.write(project, 0x30, 32);
  description.write("12:30:00", 0x50, 16);
  description.write("Jan  2 2026", 0x60, 16);
  description.write("v5.3.1", 0x70, 32);
  description.fill(0xe1, 0x90, 0xb0);
  const whole = withChecksum(header, [
    { loadedTo: 0x3c00_0020, bytes: description },
    { loadedTo: 0x4200_0020, bytes: Buffer.alloc(Math.ceil(programBytes / 4) * 4, filling) },
  ]);
  return hasDigest ? Buffer.concat([whole, createHash("sha256").update(whole).digest()]) : whole;
}

/** An image as Arduino's tools lay it out for an ESP8266: its loader in the first sector, the program behind it. */
export function esp8266Image({ filling = "program", flashMode = 2 } = {}): Buffer {
  const header = (count: number, mode: number) =>
    Buffer.from([0xe9, count, mode, 0x40, 0xf0, 0xf3, 0x10, 0x40]);
  const loader = withChecksum(header(1, flashMode), [
    { loadedTo: 0x4010_f000, bytes: Buffer.alloc(2_000, "loader") },
  ]);
  const program = withChecksum(header(2, 0), [
    { loadedTo: 0x4020_1010, bytes: Buffer.alloc(9_000, filling) },
    { loadedTo: 0x3ffe_8000, bytes: Buffer.alloc(800, 7) },
  ]);
  return Buffer.concat([loader, Buffer.alloc(0x1000 - loader.length, 0xaa), program]);
}

type Segment = { readonly loadedTo: number; readonly bytes: Buffer };

function withChecksum(header: Buffer, segments: readonly Segment[]): Buffer {
  const parts: Buffer[] = [header];
  let checksum = 0xef;
  for (const { loadedTo, bytes } of segments) {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(loadedTo, 0);
    head.writeUInt32LE(bytes.length, 4);
    parts.push(head, bytes);
    for (const byte of bytes) checksum ^= byte;
  }
  const length = parts.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(16 - (length % 16));
  end[end.length - 1] = checksum;
  return Buffer.concat([...parts, end]);
}
