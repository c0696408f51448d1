import { signTimestamp } from "./keys.ts";
import { type RawResponse, sendRaw } from "./raw-http.ts";

/**
 * Sends what the pipelines' Python sends, byte for byte: `requests` 2 with urllib3 2 (compact form heads, no Content-Type
 * on a file's part, fields before files) and `datetime.now(timezone.utc).isoformat()` with its microseconds.
 */
export class PythonClient {
  constructor(private readonly url: string) {}

  /** `requests.put(url, json={"content": content})`: spaces after `,` and `:`, and nothing but ASCII. */
  async saveConfig(mac: string, content: Readonly<Record<string, unknown>>): Promise<RawResponse> {
    const body = pythonJson({ content });
    const type = "Content-Type: application/json";
    return await sendRaw(this.url, this.#head(`PUT /api/configs/${mac}`, type, body.length), body);
  }

  /** `requests.post(url, files={"file": open(…)}, data={"timestamp": …, "signature": …})` */
  async uploadAsset(name: string, bytes: Uint8Array, now: Date): Promise<RawResponse> {
    const timestamp = isoformat(now);
    const boundary = crypto.randomUUID().replaceAll("-", "");
    const field = (disposition: string, value: string | Uint8Array) =>
      Buffer.concat([
        Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`),
        Buffer.from(value),
        Buffer.from("\r\n"),
      ]);
    const body = Buffer.concat([
      field(`name="timestamp"`, timestamp),
      field(`name="signature"`, signTimestamp(timestamp)),
      field(`name="file"; filename="${name}"`, bytes),
      Buffer.from(`--${boundary}--\r\n`),
    ]);
    const type = `Content-Type: multipart/form-data; boundary=${boundary}`;
    return await sendRaw(this.url, this.#head("POST /api/assets", type, body.length), body);
  }

  /** http.client sends the head by itself, before the body. */
  #head(request: string, type: string, length: number): string {
    return [
      `${request} HTTP/1.1`,
      `Host: ${new URL(this.url).host}`,
      "User-Agent: python-requests/2.32.3",
      "Accept-Encoding: gzip, deflate",
      "Accept: */*",
      "Connection: keep-alive",
      `Content-Length: ${length}`,
      type,
      "\r\n",
    ].join("\r\n");
  }
}

/** `datetime.isoformat()` of an aware time in UTC; the clock's microseconds are not known here, so some are made up. */
export function isoformat(time: Date): string {
  return time.toISOString().replace(/(\.\d{3})Z$/, "$1042+00:00");
}

/** `json.dumps(value)`, for text, numbers, booleans and objects of them. */
function pythonJson(value: unknown): string {
  if (typeof value !== "object" || value === null) {
    return JSON.stringify(value).replaceAll(
      /[^ -~]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  }
  const members = Object.entries(value).map(([name, each]) => `${pythonJson(name)}: ${pythonJson(each)}`);
  return `{${members.join(", ")}}`;
}
