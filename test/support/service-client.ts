import { signTimestamp } from "./keys.ts";
import { multipart, type Part } from "./multipart.ts";

/** A config's content: an object, or its JSON as it is to be written. */
export type Content = Readonly<Record<string, unknown>> | string;

export type Upload = {
  readonly name: string | Uint8Array;
  readonly bytes: Uint8Array | string;
  readonly timestamp?: string;
  readonly signature?: string;
};

export type Health = {
  readonly status: string;
  readonly mqtt: string;
  readonly mqtt_reason?: string;
  readonly pending_announcements: number;
};

export type Saved = { readonly revision: number; readonly etag: string };

/** The service as an operator, a pipeline and a device see it: over HTTP alone. */
export class ServiceClient {
  constructor(readonly url: string) {}

  /** Any request; nothing is made of the answer. `path` is sent as it stands. */
  async request(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    return await fetch(`${this.url}${path}`, { method, ...init });
  }

  /** Saves as an operator does; an answer other than 200 is an error that quotes it. */
  async saveConfig(mac: string, content: Content, headers: Record<string, string> = {}): Promise<Saved> {
    const response = await this.tryToSaveConfig(mac, content, headers);
    await answered(response, 200);
    return savedBy(response);
  }

  async tryToSaveConfig(
    mac: string,
    content: Content,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    return await this.request("PUT", `/api/configs/${mac}`, {
      headers: { "Content-Type": "application/json", ...headers },
      body: `{"content":${text}}`,
    });
  }

  async deleteConfig(mac: string): Promise<void> {
    await answered(await this.request("DELETE", `/api/configs/${mac}`), 204);
  }

  /** The content's text as a device is given it, with its revision. */
  async fetchConfig(mac: string): Promise<Saved & { readonly text: string }> {
    const response = await this.request("GET", `/api/configs/${mac}.json`);
    const text = await answered(response, 200);
    return { ...savedBy(response), text };
  }

  /** Uploads as a pipeline does, signed now; an answer other than 200 is an error that quotes it. */
  async uploadAsset(name: string, bytes: Uint8Array | string): Promise<Saved> {
    const response = await this.tryToUpload({ name, bytes });
    await answered(response, 200);
    return savedBy(response);
  }

  async tryToUpload({ name, bytes, ...signed }: Upload): Promise<Response> {
    const { timestamp = new Date().toISOString() } = signed;
    const { signature = signTimestamp(timestamp) } = signed;
    return await this.postForm([
      { name: "timestamp", value: timestamp },
      { name: "signature", value: signature },
      { name: "file", value: bytes, filename: name },
    ]);
  }

  /** Posts any form to where assets are uploaded. */
  async postForm(parts: readonly Part[]): Promise<Response> {
    const { contentType, body } = multipart(parts);
    return await this.request("POST", "/api/assets", { headers: { "Content-Type": contentType }, body });
  }

  async fetchAsset(name: string): Promise<Saved & { readonly bytes: Buffer }> {
    const response = await this.request("GET", `/api/assets/${encodeURIComponent(name)}`);
    if (response.status !== 200) await answered(response, 200);
    return { ...savedBy(response), bytes: Buffer.from(await response.arrayBuffer()) };
  }

  /** The MACs of all configs. */
  async listConfigs(): Promise<string[]> {
    type Listed = { configs: { mac_address: string }[] };
    const { configs }: Listed = JSON.parse(await answered(await this.request("GET", "/api/configs"), 200));
    return configs.map(({ mac_address }) => mac_address);
  }

  /** The names of all assets. */
  async listAssets(): Promise<string[]> {
    type Listed = { assets: { filename: string }[] };
    const { assets }: Listed = JSON.parse(await answered(await this.request("GET", "/api/assets"), 200));
    return assets.map(({ filename }) => filename);
  }

  async health(): Promise<Health> {
    const response = await this.request("GET", "/api/health");
    return JSON.parse(await answered(response, 200));
  }
}

/** The answer's body as text, if it came with that status. */
async function answered(response: Response, status: number): Promise<string> {
  const text = await response.text();
  if (response.status !== status)
    throw new Error(`${response.url}: ${response.status}, not ${status}: ${text}`);
  return text;
}

function savedBy({ headers }: Response): Saved {
  return { revision: Number(headers.get("x-revision")), etag: headers.get("etag") ?? "" };
}
