import { expect, test } from "bun:test";
import { array, assert, integer, property, uint8Array } from "fast-check";
import { PacketReader, PUBACK, PUBLISH } from "./mqtt-packets.ts";

test("a stream gives the same packets however it is cut into chunks", () => {
  const rests = array(uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 5 });
  const cuts = array(integer({ min: 1, max: 40 }), { minLength: 1 });
  assert(
    property(rests, cuts, (sent, sizes) => {
      const packets = sent.flatMap((rest) => [packet(PUBLISH, rest), packet(PUBACK, Buffer.of(0, 1))]);
      const reader = new PacketReader();
      const read = inChunks(Buffer.concat(packets), sizes).flatMap((chunk) => reader.push(chunk));
      expect(read.map(({ bytes }) => bytes)).toEqual(packets);
      expect(read.map(({ type }) => type)).toEqual(sent.flatMap(() => [PUBLISH, PUBACK]));
    }),
  );
});

function packet(type: number, rest: Uint8Array): Buffer {
  const lengthDigits =
    rest.length < 128 ? [rest.length] : [(rest.length % 128) + 128, Math.floor(rest.length / 128)];
  return Buffer.from([type << 4, ...lengthDigits, ...rest]);
}

/** Cuts by the sizes, over and over, until nothing is left. */
function inChunks(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}
