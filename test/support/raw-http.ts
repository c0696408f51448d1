import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { within } from "./deadline.ts";

export type RawResponse = {
  readonly status: number;
  /** Names in lower case; of a name that comes twice, both values, between commas. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
};

const ANSWERED_WITHIN_MS = 5_000;
const HEAD_END = "\r\n\r\n";

/** A TCP connection that sends exactly the bytes it is told to: half a head, a cut body, what no client would send. */
export class RawConnection implements Disposable {
  readonly closed: Promise<void>;
  #received: Buffer = Buffer.alloc(0);
  #arrived: PromiseWithResolvers<void> = Promise.withResolvers();
  #isClosed = false;

  constructor(private readonly socket: Socket) {
    this.closed = new Promise((closed) => socket.on("close", () => closed()));
  }

  /** Whether there is still a connection to send on. */
  get isOpen(): boolean {
    return !this.socket.destroyed;
  }

  /** What came and was not read as an answer yet, a character for a byte. */
  get received(): string {
    return this.#received.toString("latin1");
  }

  async start(): Promise<void> {
    this.socket.on("error", () => {}); // "close" follows.
    this.socket.on("data", (chunk) => {
      this.#received = Buffer.concat([this.#received, Buffer.from(chunk)]);
      this.#tell();
    });
    this.socket.on("close", () => {
      this.#isClosed = true;
      this.#tell();
    });
    await once(this.socket, "connect");
  }

  /** Resolved once the kernel has it; also where the other side hung up already. */
  async send(bytes: string | Uint8Array): Promise<void> {
    if (!this.isOpen) return;
    await new Promise<void>((sent) => this.socket.write(bytes, () => sent()));
  }

  /** Nothing more will be sent, while an answer is still taken. */
  finish(): void {
    this.socket.end();
  }

  /** Hangs up, without waiting for anything. */
  hangUp(): void {
    this.socket.destroy();
  }

  /** Hangs up as one that crashes: the other side is told with a reset, not an end. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Stops taking bytes from the kernel, as a stuck client does. */
  stopReading(): void {
    this.socket.pause();
  }

  goOnReading(): void {
    this.socket.resume();
  }

  /** The next answer, cut by its Content-Length, its chunks or the end; `toHead` for one that has no body. */
  async response({ toHead = false, withinMs = ANSWERED_WITHIN_MS } = {}): Promise<RawResponse> {
    return within(withinMs, `an answer after:\n${this.#received.toString("latin1")}`, this.#response(toHead));
  }

  /** Whether the other side hung up by then. */
  async closes(withinMs = ANSWERED_WITHIN_MS): Promise<void> {
    await within(withinMs, "the end of the connection", this.closed);
  }

  [Symbol.dispose](): void {
    this.hangUp();
  }

  async #response(toHead: boolean): Promise<RawResponse> {
    const head = await this.#until(() => this.#received.indexOf(HEAD_END));
    const { status, headers } = readHead(this.#received.subarray(0, head).toString("latin1"));
    this.#received = this.#received.subarray(head + HEAD_END.length);
    if (status === 100) return this.#response(toHead);
    if (toHead || status === 204 || status === 304) return { status, headers, body: Buffer.alloc(0) };
    const isChunked = headers.get("transfer-encoding") === "chunked";
    const length = headers.get("content-length");
    const end = await this.#until(() => {
      if (isChunked) return this.#received.indexOf(`0${HEAD_END}`);
      if (length === undefined) return this.#isClosed ? this.#received.length : -1;
      return this.#received.length >= Number(length) ? Number(length) : -1;
    });
    const body = this.#received.subarray(0, end);
    this.#received = this.#received.subarray(isChunked ? end + `0${HEAD_END}`.length : end);
    return { status, headers, body };
  }

  /** Waits for bytes until `found` gives a place, and gives that. */
  async #until(found: () => number): Promise<number> {
    for (;;) {
      const at = found();
      if (at !== -1) return at;
      if (this.#isClosed)
        throw new Error(`closed before an answer was whole: ${this.#received.toString("latin1")}`);
      await this.#arrived.promise;
    }
  }

  #tell(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }
}

/** From an address of this machine, where it matters which: `127.0.0.2`. */
export async function openRaw(url: string, localAddress?: string): Promise<RawConnection> {
  const { hostname: host, port } = new URL(url);
  const from = localAddress === undefined ? {} : { localAddress };
  const connection = new RawConnection(connect({ host, port: Number(port), ...from }));
  await connection.start();
  return connection;
}

/** One request on a connection of its own, its bytes as given, and the answer to it. */
export async function sendRaw(url: string, ...parts: readonly (string | Uint8Array)[]): Promise<RawResponse> {
  using connection = await openRaw(url);
  for (const part of parts) await connection.send(part);
  return await connection.response();
}

function readHead(text: string): Pick<RawResponse, "status" | "headers"> {
  const [statusLine = "", ...lines] = text.split("\r\n");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers.set(name, headers.has(name) ? `${headers.get(name)}, ${value}` : value);
  }
  return { status: Number(statusLine.split(" ")[1]), headers };
}
