import { limitReceiveBuffer } from "./receive-buffer.ts";

/** A request as a device makes it: on a connection of its own, which it ends once it has the answer. */
export interface DeviceRequest {
  readonly method: "GET" | "HEAD";
  readonly url: URL;
  /** Arduino's updaters speak 1.0. */
  readonly httpVersion: "1.0" | "1.1";
  readonly headers: Readonly<Record<string, string>>;
}

/** The line between a device and the service. */
export interface Line {
  /** How fast it is read; null: as fast as it comes. */
  readonly bytesPerSecond: number | null;
  /** After which part of a body it breaks, from 0 to 1; null: it holds. */
  readonly breaksAt: number | null;
  /** The device loses its power. */
  readonly powerCut: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Whether all of the body came. */
  readonly isWhole: boolean;
}

const SILENCE_SECONDS = 30;
const HEAD_END = "\r\n\r\n";

/** Null where no answer came: nobody listens, or the line broke before its head. `began` is told when the head is here. */
export function ask(
  request: DeviceRequest,
  line: Line,
  began: (head: Pick<Answer, "status" | "headers">) => void = () => {},
): Promise<Answer | null> {
  const { promise, resolve } = Promise.withResolvers<Answer | null>();
  const { url, method } = request;
  const reading = new Reading(method, began);
  const settle = () => resolve(reading.answer);
  if (line.powerCut.aborted) settle();
  Bun.connect({
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || (url.protocol === "https:" ? 443 : 80)),
    tls: url.protocol === "https:",
    socket: {
      open(socket) {
        limitReceiveBuffer(socket);
        line.powerCut.addEventListener("abort", () => socket.terminate(), { once: true });
        socket.timeout(SILENCE_SECONDS);
        socket.write(headOf(request));
      },
      data(socket, piece) {
        reading.take(piece);
        if (reading.isWhole) {
          socket.end();
          settle();
        } else if (line.breaksAt !== null && reading.share >= line.breaksAt) {
          socket.terminate();
        } else if (line.bytesPerSecond !== null) {
          socket.pause();
          setTimeout(() => socket.resume(), (piece.length / line.bytesPerSecond) * 1_000);
        }
      },
      timeout: (socket) => void socket.terminate(),
      close: settle,
      error: settle,
      connectError: settle,
    },
  }).catch(settle);
  return promise;
}

function headOf({ method, url, httpVersion, headers }: DeviceRequest): string {
  const all = { Host: url.host, Connection: "close", ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${[`${method} ${url.pathname}${url.search} HTTP/${httpVersion}`, ...lines].join("\r\n")}${HEAD_END}`;
}

/** An answer as it comes. */
class Reading {
  #head: Pick<Answer, "status" | "headers"> | null = null;
  #bytes: Buffer[] = [];
  #length = 0;

  constructor(
    private readonly method: DeviceRequest["method"],
    private readonly began: (head: Pick<Answer, "status" | "headers">) => void,
  ) {}

  /** Of the body, from 0 to 1. */
  get share(): number {
    return this.#head === null ? 0 : this.#length / this.#bodyBytes(this.#head);
  }

  get isWhole(): boolean {
    return this.#head !== null && this.#length >= this.#bodyBytes(this.#head);
  }

  get answer(): Answer | null {
    if (this.#head === null) return null;
    return { ...this.#head, body: Buffer.concat(this.#bytes), isWhole: this.isWhole };
  }

  take(piece: Uint8Array): void {
    this.#bytes.push(Buffer.from(piece));
    this.#length += piece.length;
    if (this.#head === null) this.#readHead(Buffer.concat(this.#bytes));
  }

  #readHead(bytes: Buffer): void {
    const end = bytes.indexOf(HEAD_END);
    if (end === -1) return;
    const [first = "", ...lines] = bytes.toString("latin1", 0, end).split("\r\n");
    const headers = lines.map((each): [string, string] => {
      const colon = each.indexOf(":");
      return [each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim()];
    });
    this.#head = { status: Number(first.split(" ")[1]), headers: new Map(headers) };
    const rest = bytes.subarray(end + HEAD_END.length);
    this.#bytes = [rest];
    this.#length = rest.length;
    this.began(this.#head);
  }

  #bodyBytes({ status, headers }: Pick<Answer, "status" | "headers">): number {
    if (this.method === "HEAD" || status === 304 || status === 204) return 0;
    return Number(headers.get("content-length") ?? Number.POSITIVE_INFINITY);
  }
}
