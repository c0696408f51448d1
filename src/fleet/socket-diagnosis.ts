import { ptr } from "bun:ffi";
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import {
  AF_INET,
  AF_INET6,
  INET_DIAG_INFO,
  type InetDiagMessage,
  readInetDiagMessage,
  SOCK_DIAG_BY_FAMILY,
} from "./inet-diag-message.ts";
import { type Libc, loadLibc } from "./libc.ts";

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

/** The last that the kernel knew of a connection. */
export interface Closed extends Sent {
  readonly localPort: number;
  readonly remotePort: number;
  isFrom(address: string): boolean;
}

/** It takes as long as fifty questions. */
const LOOK_AT_INTERFACES_MS = 1_000;

/**
 * Asks the Linux kernel what became of bytes that were sent: the netlink protocol "sock_diag" (man 7 sock_diag), which
 * needs no rights for connections of one's own network namespace. One question takes some ten microseconds, however
 * many connections there are.
 *
 * Of a connection that is gone it can't be asked any more, and a device that has its answer is gone at once. So it is told
 * of each that goes (the multicast group that `ss --events` listens to).
 */
export class SocketDiagnosis implements Disposable {
  readonly #answer = Buffer.alloc(ANSWER_BYTES);
  #localAddresses = localAddresses();
  #lookedAtMs = performance.now();

  private constructor(
    private readonly libc: Libc,
    private readonly questions: number,
    private readonly farewells: number,
  ) {}

  /** Null where the system has nothing of the kind: what a peer has acknowledged cannot be seen there. */
  static open(): SocketDiagnosis | null {
    const libc = process.platform === "linux" ? loadLibc() : null;
    if (libc === null) return null;
    const [questions, farewells] = [openNetlink(libc, 0), openNetlink(libc, TCP_DESTROY_GROUPS)];
    return questions < 0 ? null : new SocketDiagnosis(libc, questions, farewells);
  }

  /** Null where there is no such connection, or none any more. */
  ask(connection: Connection): Sent | null {
    const found = this.#askEach(connection);
    const isTimeToLook = performance.now() - this.#lookedAtMs > LOOK_AT_INTERFACES_MS;
    if (found !== null || !isTimeToLook) return found;
    this.#lookedAtMs = performance.now();
    const addresses = localAddresses(); // An interface may have come up since.
    if (Bun.deepEquals(addresses, this.#localAddresses)) return null;
    this.#localAddresses = addresses;
    return this.#askEach(connection);
  }

  /**
   * The connections that went since the last time, everybody's of this machine. Some are missing where this is asked so
   * seldom that the kernel could keep no more of them, some hundreds, or where the system does not tell.
   */
  *closed(): Generator<Closed> {
    if (this.farewells < 0) return;
    for (let failures = 0; failures <= 1; ) {
      const message = this.#receive(this.farewells);
      if (message === null)
        failures++; // Also once where some are missing: those that are not come after it.
      else yield closedBy(message);
    }
  }

  [Symbol.dispose](): void {
    this.libc.symbols.close(this.questions);
    if (this.farewells >= 0) this.libc.symbols.close(this.farewells);
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
    const { send } = this.libc.symbols;
    if (Number(send(this.questions, ptr(question), QUESTION_BYTES, 0)) !== QUESTION_BYTES) return null;
    const message = this.#receive(this.questions);
    return message === null ? null : sentBy(message, remotePort);
  }

  #receive(socket: number): InetDiagMessage | null {
    const length = Number(this.libc.symbols.recv(socket, ptr(this.#answer), ANSWER_BYTES, MSG_DONTWAIT));
    return length < 0 ? null : readInetDiagMessage(this.#answer.subarray(0, length));
  }
}

/** A netlink socket that hears of these groups; negative where there is none to be had. */
function openNetlink(libc: Libc, groups: number): number {
  const { socket, setsockopt, bind, close } = libc.symbols;
  const opened = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (opened < 0 || groups === 0) return opened;
  // Ends come in bursts. Who may not force it is given what the system allows (net.core.rmem_max).
  const room = ptr(new Int32Array([FAREWELL_BUFFER_BYTES]));
  for (const option of [SO_RCVBUF, SO_RCVBUFFORCE]) setsockopt(opened, SOL_SOCKET, option, room, 4);
  const address = Buffer.alloc(12); // struct sockaddr_nl
  address.writeUInt16LE(AF_NETLINK, 0);
  address.writeUInt32LE(groups, 8);
  if (bind(opened, ptr(address), address.length) === 0) return opened;
  close(opened);
  return -1;
}

function sentBy(
  { state, remotePort, outstanding, acknowledged }: InetDiagMessage,
  asked: number,
): Sent | null {
  // Where the connection is gone, the listening socket of its port may be found instead.
  if (state === TCP_LISTEN || remotePort !== asked) return null;
  // Our end was acknowledged, and with it all that came before it; no more is known of such a socket.
  if (state === TCP_TIME_WAIT) return { acknowledged: Number.POSITIVE_INFINITY, outstanding: 0 };
  return acknowledged === null ? null : { acknowledged, outstanding };
}

function closedBy({
  localPort,
  remotePort,
  remoteAddress,
  outstanding,
  acknowledged,
}: InetDiagMessage): Closed {
  return {
    localPort,
    remotePort,
    outstanding,
    acknowledged: acknowledged ?? 0,
    isFrom: (address) => Bun.deepEquals(unwrapped(remoteAddress), bytesOf(address)),
  };
}

/** Of an IPv4 address that IPv6 wraps, the IPv4 address. */
function unwrapped(bytes: Uint8Array): Uint8Array {
  const isWrapped =
    bytes.length === 16 && bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff;
  return isWrapped ? bytes.slice(12) : bytes;
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

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_SOCK_DIAG = 4;
/** SKNLGRP_INET_TCP_DESTROY (1) and SKNLGRP_INET6_TCP_DESTROY (3) of linux/sock_diag.h, as a mask. */
const TCP_DESTROY_GROUPS = 0b101;
const NLM_F_REQUEST = 1;
const MSG_DONTWAIT = 0x40;
const IPPROTO_TCP = 6;
const TCP_TIME_WAIT = 6;
const TCP_LISTEN = 10;
const ALL = 0xffff_ffff;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const FAREWELL_BUFFER_BYTES = 4 * 1024 * 1024;
const QUESTION_BYTES = 72;
const ANSWER_BYTES = 4_096;
