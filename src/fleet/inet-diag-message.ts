/** What the kernel says of a TCP socket: `struct inet_diag_msg` (linux/inet_diag.h) behind a netlink header. */
export interface InetDiagMessage {
  readonly state: number;
  readonly localPort: number;
  readonly remotePort: number;
  /** 4 or 16 bytes, in network order. */
  readonly remoteAddress: Uint8Array;
  /** Bytes that were written to the socket and not acknowledged. */
  readonly outstanding: number;
  /** Bytes that were acknowledged since the connection began; null where the kernel knows no more of the socket. */
  readonly acknowledged: number | null;
}

/** Null where it is of another kind. */
export function readInetDiagMessage(message: Buffer): InetDiagMessage | null {
  if (message.length < MESSAGE_END || message.readUInt16LE(4) !== SOCK_DIAG_BY_FAMILY) return null;
  const addressBytes = message.readUInt8(16) === AF_INET6 ? 16 : 4;
  return {
    state: message.readUInt8(17),
    localPort: message.readUInt16BE(20),
    remotePort: message.readUInt16BE(22),
    remoteAddress: Uint8Array.prototype.slice.call(message, 40, 40 + addressBytes),
    outstanding: message.readUInt32LE(76),
    acknowledged: acknowledgedIn(message),
  };
}

/** In `struct tcp_info` (linux/tcp.h), which is an attribute behind the message. */
function acknowledgedIn(message: Buffer): number | null {
  for (let at = MESSAGE_END; at + 4 <= message.length; ) {
    const length = message.readUInt16LE(at);
    if (message.readUInt16LE(at + 2) === INET_DIAG_INFO && length >= 4 + BYTES_ACKED_AT + 8) {
      return Number(message.readBigUInt64LE(at + 4 + BYTES_ACKED_AT));
    }
    at += Math.max(4, (length + 3) & ~3);
  }
  return null;
}

export const SOCK_DIAG_BY_FAMILY = 20;
export const INET_DIAG_INFO = 2;
export const AF_INET = 2;
export const AF_INET6 = 10;
/** Behind the netlink header (16) and the message (72). */
const MESSAGE_END = 88;
/** Within `struct tcp_info`. */
const BYTES_ACKED_AT = 120;
