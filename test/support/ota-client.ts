import { openRaw, type RawResponse } from "./raw-http.ts";

export interface OtaOptions {
  /** Behind the service's address, with a query if there is one. */
  readonly path: string;
  /** From where it comes. */
  readonly address: string;
  /** In how many bytes it asks for each part; null: for all that is left, so that only a broken connection makes parts. */
  readonly partBytes: number | null;
  /** Headers that the firmware adds. */
  readonly headers?: readonly string[];
}

/**
 * What ESP-IDF's `esp_https_ota` does, a request a step: with `partial_http_download` HEAD, then a part after the other, the
 * last without an end; with `ota_resumption` `Range: bytes=N-` from what it has. It never sends If-Range, writes what a 206 or
 * 200 brings where it stands, and believes that to be one image.
 */
export class OtaClient {
  #length: number | null = null;
  #written: Buffer = Buffer.alloc(0);
  #isWithoutRange = false;

  constructor(private readonly options: OtaOptions) {}

  /** What it has written so far. */
  get written(): Buffer {
    return this.#written;
  }

  /** One request. With `breaksAfter` its connection breaks after so many bytes of the body. */
  async step(
    url: string,
    breaksAfter = Number.POSITIVE_INFINITY,
  ): Promise<"going" | "restarted" | "complete"> {
    const { partBytes } = this.options;
    if (partBytes !== null && this.#length === null) return this.#lookAtLength(url);
    const at = this.#written.length;
    const end = partBytes === null || at + partBytes >= (this.#length ?? 0) ? "" : at + partBytes - 1;
    const range = this.#isWithoutRange ? [] : [`Range: bytes=${at}-${end}`];
    const response = await this.#ask(url, "GET", range);
    if (response.status === 200 && at > 0) {
      // In parts it would write this behind what it has; resuming, it begins anew, without a Range.
      if (partBytes !== null)
        throw new Error(`the whole was answered to bytes=${at}-: it is written at the wrong place`);
      return this.#beginAnew(true);
    }
    if (response.status !== 200 && response.status !== 206) return this.#beginAnew(partBytes === null);
    this.#written = Buffer.concat([this.#written, response.body.subarray(0, breaksAfter)]);
    this.#isWithoutRange = false;
    if (response.body.length > breaksAfter) return "going";
    const isEnd =
      partBytes === null || response.status === 200 || this.#written.length >= (this.#length ?? 0);
    return isEnd ? "complete" : "going";
  }

  /** Loses power, and what it had written. */
  loseAll(): void {
    this.#beginAnew(false);
  }

  /** Loses power, but not what it had written, which it has noted: with `ota_resumption` it looks again how long the image is. */
  wakeAgain(): void {
    this.#length = null;
  }

  #beginAnew(withoutRange: boolean): "restarted" {
    this.#length = null;
    this.#written = Buffer.alloc(0);
    this.#isWithoutRange = withoutRange;
    return "restarted";
  }

  async #lookAtLength(url: string): Promise<"going" | "restarted"> {
    const { status, headers } = await this.#ask(url, "HEAD", []);
    if (status !== 200) return this.#beginAnew(false);
    this.#length = Number(headers.get("content-length"));
    return "going";
  }

  async #ask(url: string, method: "GET" | "HEAD", range: readonly string[]): Promise<RawResponse> {
    const { path, address, headers = [] } = this.options;
    using connection = await openRaw(url, address);
    const lines = [
      `${method} ${path} HTTP/1.1`,
      "User-Agent: ESP32 HTTP Client/1.0",
      "Host: 127.0.0.1",
      "Connection: close",
      ...headers,
      ...range,
    ];
    await connection.send(`${lines.join("\r\n")}\r\n\r\n`);
    return await connection.response({ toHead: method === "HEAD" });
  }
}
