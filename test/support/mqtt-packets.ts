/** One MQTT control packet, whole, with its type (3 is PUBLISH, 4 is PUBACK; MQTT 5, 2.1.2). */
export type Packet = { readonly type: number; readonly bytes: Buffer };

export const PUBLISH = 3;
export const PUBACK = 4;

/** Cuts a byte stream into MQTT packets, which know their length by their fixed header alone. */
export class PacketReader {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): Packet[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const packets: Packet[] = [];
    for (let length = packetLength(this.#rest); length !== null; length = packetLength(this.#rest)) {
      const bytes = this.#rest.subarray(0, length);
      packets.push({ type: bytes.readUInt8(0) >> 4, bytes });
      this.#rest = this.#rest.subarray(length);
    }
    return packets;
  }
}

/** Length of the packet that `bytes` begin with, or null while that or the packet is not all there. */
function packetLength(bytes: Buffer): number | null {
  let remaining = 0;
  for (let at = 1; at <= 4 && at < bytes.length; at++) {
    const digit = bytes.readUInt8(at);
    remaining += (digit & 0x7f) * 128 ** (at - 1);
    if (digit < 0x80) return bytes.length > at + remaining ? at + 1 + remaining : null;
  }
  return null;
}
