import { connect, type Socket } from "node:net";
import { PacketReader, PUBACK, PUBLISH } from "../../support/mqtt-packets.ts";

const CONNECT = 1;
const CONNACK = 2;
const SUBSCRIBE = 8;
const SUBACK = 9;
const SUBSCRIPTION_ID = 1;

export type Account = {
  readonly host: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
};

/**
 * A subscriber with as little around it as there can be, so that thousands fit into one process: MQTT 5 at QoS 1, no
 * keepalive, no reconnect. Resolves when it is subscribed; `heard` is told of each message's payload.
 */
export function subscribe(
  account: Account,
  id: string,
  topic: string,
  heard: (payload: string) => void,
): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect(account.port, account.host);
  const reader = new PacketReader();
  socket.on("connect", () => socket.write(connectPacket(account, id)));
  socket.on("error", reject);
  socket.on("close", () => reject(new Error(`${id}: the broker hung up`)));
  socket.on("data", (chunk) => {
    for (const { type, bytes } of reader.push(Buffer.from(chunk))) {
      if (type === CONNACK) socket.write(subscribePacket(topic));
      if (type === SUBACK) resolve(socket);
      if (type === PUBLISH) {
        const { packetId, payload } = readPublish(bytes);
        socket.write(packet(PUBACK, 0, packetId));
        heard(payload);
      }
    }
  });
  return promise;
}

/** MQTT 5, section 3.1: a clean start, a user name and a password. */
function connectPacket({ username, password }: Account, id: string): Buffer {
  const flags = 0b1100_0010;
  const head = [field("MQTT"), Buffer.of(5, flags, 0, 0, NO_PROPERTIES)];
  return packet(CONNECT, 0, ...head, field(id), field(username), field(password));
}

/** Section 3.8. */
function subscribePacket(topic: string): Buffer {
  return packet(SUBSCRIBE, 0b0010, Buffer.of(0, SUBSCRIPTION_ID, NO_PROPERTIES), field(topic), Buffer.of(1));
}

const NO_PROPERTIES = 0;

/** Section 3.3: the topic, the packet's id, properties, and the rest is payload. */
function readPublish(bytes: Buffer): { packetId: Buffer; payload: string } {
  let at = 1 + lengthSize(bytes, 1);
  at += 2 + bytes.readUInt16BE(at);
  const packetId = bytes.subarray(at, at + 2);
  at += 2;
  at += lengthSize(bytes, at) + readLength(bytes, at);
  return { packetId, payload: bytes.toString("utf8", at) };
}

function packet(type: number, flags: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.of((type << 4) | flags), lengthBytes(body.length), body]);
}

function field(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}

/** A variable byte integer (section 1.5.5): seven bits a byte, the lowest first. */
function lengthBytes(length: number): Buffer {
  return length < 128 ? Buffer.of(length) : Buffer.of((length & 0x7f) | 0x80, length >> 7);
}

function readLength(bytes: Buffer, at: number): number {
  const first = bytes.readUInt8(at);
  return first < 0x80 ? first : (first & 0x7f) + 128 * readLength(bytes, at + 1);
}

function lengthSize(bytes: Buffer, at: number): number {
  return bytes.readUInt8(at) < 0x80 ? 1 : 1 + lengthSize(bytes, at + 1);
}
