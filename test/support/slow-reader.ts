import { connect, type Socket } from "node:net";

/** A download that is read at so many bytes a second, as a device on a bad line does. */
export class SlowReader implements Disposable {
  /** Bytes of the answer, its head among them. */
  received = 0;
  readonly ended: Promise<void>;

  constructor(
    private readonly socket: Socket,
    private bytesPerSecond: number,
  ) {
    socket.on("error", () => {}); // "close" follows.
    this.ended = new Promise((ended) => socket.on("close", () => ended()));
    socket.on("data", (piece) => {
      this.received += piece.length;
      socket.pause();
      setTimeout(() => socket.resume(), (piece.length / this.bytesPerSecond) * 1_000);
    });
  }

  /** Whether the other side has not hung up, as far as what was read of it tells. */
  get isOpen(): boolean {
    return !this.socket.destroyed;
  }

  /** From the next piece on it reads as fast as it can. */
  hurry(): void {
    this.bytesPerSecond = Number.POSITIVE_INFINITY;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

export function readSlowly(url: string, path: string, bytesPerSecond: number): SlowReader {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname, () => {
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
  });
  return new SlowReader(socket, bytesPerSecond);
}
