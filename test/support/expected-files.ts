import type { Content, ServiceClient } from "./service-client.ts";

/** What a change was answered with; null where the connection broke instead. */
export type Status = number | null;

type Change = { readonly file: string; readonly content: string | null };

/**
 * What each file must be, after the answers so far: what a 2xx said; what it was, after a refusal (4xx, 507); either of
 * the two, wholly, after another 5xx or no answer. One change of a file is made at a time.
 */
export class ExpectedFiles {
  readonly #allowed: Map<string, ReadonlySet<string | null>>;

  /** By `configs/MAC` or `assets/NAME`, what each may be: a config's text, an asset's `hashOf`, null where it is absent. */
  constructor(allowed: Iterable<readonly [file: string, ReadonlySet<string | null>]> = []) {
    this.#allowed = new Map(allowed);
  }

  async save(service: ServiceClient, mac: string, content: Content): Promise<Status> {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    const sent = () => service.tryToSaveConfig(mac, text);
    return await this.#make({ file: `configs/${mac}`, content: text }, sent);
  }

  async upload(service: ServiceClient, name: string, bytes: Uint8Array | string): Promise<Status> {
    const sent = () => service.tryToUpload({ name, bytes });
    return await this.#make({ file: `assets/${name}`, content: hashOf(bytes) }, sent);
  }

  async delete(service: ServiceClient, file: string): Promise<Status> {
    return await this.#make({ file, content: null }, () => service.request("DELETE", `/api/${file}`));
  }

  /** The files that are certainly there. */
  get present(): string[] {
    return [...this.#allowed].filter(([, contents]) => !contents.has(null)).map(([file]) => file);
  }

  /** What is found otherwise, a sentence each. From then on each file is expected as it was found. */
  async violations(service: ServiceClient): Promise<string[]> {
    const listed = [
      ...(await service.listConfigs()).map((mac) => `configs/${mac}`),
      ...(await service.listAssets()).map((name) => `assets/${name}`),
    ];
    const problems: string[] = [];
    for (const file of new Set([...this.#allowed.keys(), ...listed])) {
      const found = await fetched(service, file);
      const allowed = this.#allowed.get(file) ?? new Set([null]);
      if (listed.includes(file) !== (found !== null)) problems.push(`${file}: listed, or fetched, not both`);
      if (!allowed.has(found))
        problems.push(`${file}: ${brief(found)} instead of ${[...allowed].map(brief)}`);
      this.#allowed.set(file, new Set([found]));
    }
    return problems;
  }

  async #make({ file, content }: Change, send: () => Promise<Response>): Promise<Status> {
    const before = this.#allowed.get(file) ?? new Set([null]);
    this.#allowed.set(file, new Set([...before, content])); // Until it is answered, either.
    const status = await statusOf(send);
    if (status !== null && status < 300) this.#allowed.set(file, new Set([content]));
    else if (status === 507 || (status !== null && status < 500)) this.#allowed.set(file, before);
    return status;
  }
}

async function statusOf(send: () => Promise<Response>): Promise<Status> {
  try {
    const response = await send();
    await response.arrayBuffer();
    return response.status;
  } catch {
    return null;
  }
}

/** A config's content, an asset's hash; null where it is absent. */
async function fetched(service: ServiceClient, file: string): Promise<string | null> {
  const response = await service.request("GET", `/api/${file}${file.startsWith("configs/") ? ".json" : ""}`);
  const bytes = await response.bytes();
  if (response.status === 404) return null;
  if (response.status !== 200) return `an answer of ${response.status}`;
  return file.startsWith("configs/") ? new TextDecoder().decode(bytes) : hashOf(bytes);
}

/** How an asset's content is told here. */
export function hashOf(bytes: Uint8Array | string): string {
  return `bytes of SHA-256 ${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
}

function brief(content: string | null): string {
  return content === null ? "nothing" : content.length > 100 ? `${content.slice(0, 100)}…` : content;
}
