import { dlopen, FFIType, ptr } from "bun:ffi";
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";

/** A TCP connection that was made to us. */
export interface Connection {
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** What the kernel knows of the bytes that were sent on a connection. */
export interface Sent {
  /** How many the peer's TCP has acknowledged since the connection began; Infinity once it has closed in good order. */
  readonly acknowledged: number;
  /** How many are on their way to it, or still wait for that here. */
  readonly outstanding: number;
}

/**
 * Asks the Linux kernel what became of bytes that were sent: the netlink protocol "sock_diag" (man 7 sock_diag), which
 * needs no rights for connections of one's own network namespace. One question takes some ten microseconds, however
 * many connections there are.
 */
export class SocketDiagnosis implements Disposable {
  readonly #answer = Buffer.alloc(ANSWER_BYTES);
  #localAddresses = localAddresses();

  private constructor(
    private readonly libc: Libc,
    private readonly socket: number,
  ) {}

  /** Null where the system has nothing of the kind: what a peer has acknowledged cannot be seen there. */
  static open(): SocketDiagnosis | null {
    const libc = process.platform === "linux" ? loadLibc() : null;
    const socket = libc?.symbols.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG) ?? -1;
    return libc === null || socket < 0 ? null : new SocketDiagnosis(libc, socket);
  }

  /** Null where there is no such connection, or none any more. */
  ask(connection: Connection): Sent | null {
    const found = this.#askEach(connection);
    if (found !== null) return found;
    const addresses = localAddresses(); // An interface may have come up since.
    if (Bun.deepEquals(addresses, this.#localAddresses)) return null;
    this.#localAddresses = addresses;
    return this.#askEach(connection);
  }

  [Symbol.dispose](): void {
    this.libc.symbols.close(this.socket);
  }

  /** The kernel wants to know which of our own addresses the peer has connected to. */
  #askEach(connection: Connection): Sent | null {
    const remote = bytesOf(connection.remoteAddress);
    for (const [at, local] of this.#localAddresses.entries()) {
      const sent = local.length === remote.length ? this.#askOne(connection, local, remote) : null;
      if (sent === null) continue;
      this.#localAddresses.unshift(...this.#localAddresses.splice(at, 1)); // The next peer likely came here too.
      return sent;
    }
    return null;
  }

  #askOne({ localPort, remotePort }: Connection, local: Uint8Array, remote: Uint8Array): Sent | null {
    const question = Buffer.alloc(QUESTION_BYTES);
    question.writeUInt32LE(QUESTION_BYTES, 0);
    question.writeUInt16LE(SOCK_DIAG_BY_FAMILY, 4);
    question.writeUInt16LE(NLM_F_REQUEST, 6);
    question[16] = local.length === 4 ? AF_INET : AF_INET6;
    question[17] = IPPROTO_TCP;
    question[18] = 1 << (INET_DIAG_INFO - 1);
    question.writeUInt32LE(ALL, 20); // In whatever state.
    question.writeUInt16BE(localPort, 24);
    question.writeUInt16BE(remotePort, 26);
    question.set(local, 28);
    question.set(remote, 44);
    question.writeUInt32LE(ALL, 64); // No cookie to compare.
    question.writeUInt32LE(ALL, 68);
    const { send, recv } = this.libc.symbols;
    if (Number(send(this.socket, ptr(question), QUESTION_BYTES, 0)) !== QUESTION_BYTES) return null;
    const length = Number(recv(this.socket, ptr(this.#answer), ANSWER_BYTES, MSG_DONTWAIT));
    return length < 0 ? null : readAnswer(this.#answer.subarray(0, length), remotePort);
  }
}

/** `struct inet_diag_msg` (linux/inet_diag.h) behind a netlink header, and `struct tcp_info` (linux/tcp.h) in an attribute. */
function readAnswer(answer: Buffer, remotePort: number): Sent | null {
  if (answer.length < MESSAGE_END || answer.readUInt16LE(4) !== SOCK_DIAG_BY_FAMILY) return null;
  const state = answer.readUInt8(17);
  // Where the connection is gone, the listening socket of its port may be found instead.
  if (state === TCP_LISTEN || answer.readUInt16BE(22) !== remotePort) return null;
  // Our end was acknowledged, and with it all that came before it; no more is known of such a socket.
  if (state === TCP_TIME_WAIT) return { acknowledged: Number.POSITIVE_INFINITY, outstanding: 0 };
  const outstanding = answer.readUInt32LE(76);
  for (let at = MESSAGE_END; at + 4 <= answer.length; ) {
    const length = answer.readUInt16LE(at);
    if (answer.readUInt16LE(at + 2) === INET_DIAG_INFO && length >= 4 + BYTES_ACKED_AT + 8) {
      return { acknowledged: Number(answer.readBigUInt64LE(at + 4 + BYTES_ACKED_AT)), outstanding };
    }
    at += Math.max(4, (length + 3) & ~3);
  }
  return null;
}

/** In network order; an IPv4 address that IPv6 wraps (`::ffff:1.2.3.4`) as the IPv4 address that it is. */
function bytesOf(address: string): Uint8Array {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, "");
  if (!isIPv6(plain)) return Uint8Array.from(plain.split("."), Number);
  const [head = "", tail] = plain.replace(/%.*$/, "").split("::");
  const words = (text: string) =>
    text === "" ? [] : text.split(":").map((word) => Number.parseInt(word, 16));
  const [first, last] = [words(head), words(tail ?? "")];
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  const all = [...first, ...Array<number>(zeros).fill(0), ...last];
  return Uint8Array.from(all.flatMap((word) => [word >> 8, word & 0xff]));
}

function localAddresses(): Uint8Array[] {
  return Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? []).map(({ address }) => bytesOf(address)),
  );
}

type Libc = NonNullable<ReturnType<typeof loadLibc>>;

/** Debian and its kin have the first, Alpine the others. */
function loadLibc() {
  for (const name of ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"]) {
    try {
      return dlopen(name, {
        socket: { args: [FFIType.i32, FFIType.i32, FFIType.i32], returns: FFIType.i32 },
        send: { args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i64 },
        recv: { args: [FFIType.i32, FFIType.ptr, FFIType.u64, FFIType.i32], returns: FFIType.i64 },
        close: { args: [FFIType.i32], returns: FFIType.i32 },
      });
    } catch {
      // Not this system's: the next may be.
    }
  }
  return null;
}

const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST = 1;
const MSG_DONTWAIT = 0x40;
const IPPROTO_TCP = 6;
const INET_DIAG_INFO = 2;
const TCP_TIME_WAIT = 6;
const TCP_LISTEN = 10;
const ALL = 0xffff_ffff;
const QUESTION_BYTES = 72;
const ANSWER_BYTES = 4_096;
/** Behind the netlink header (16) and the message (72). */
const MESSAGE_END = 88;
/** Within `struct tcp_info`. */
const BYTES_ACKED_AT = 120;
