import type { ServiceClient } from "../service-client.ts";
import type { Change, ChangeAnswer, Condition, Delete, Lost, ReadAnswer } from "./events.ts";
import type { HistoryLog } from "./history-log.ts";
import { assetOf, configOf, newVersion, versionOfAsset, versionOfConfig } from "./versions.ts";

/** Who asks for a config: a device is given its content, an operator that and its summary. */
export type Door = "device" | "operator";

const lost: Lost = { kind: "lost" };
const ENDS_UNKNOWN = ["INTERNAL_ERROR", "STORE_UNAVAILABLE"];

/**
 * A client that logs what it asks and what comes of it. Files are `configs/<mac>` and `assets/<name>`. Nothing is thrown
 * for an answer, nor for one that does not come: what became of a request is what it returns.
 */
export class LoggedClient {
  constructor(
    private readonly service: ServiceClient,
    private readonly log: HistoryLog,
  ) {}

  /** Saves a config or uploads an asset, of a version that nobody sent before, and of so many bytes if that matters. */
  save(file: string, condition: Condition = "none", bytes?: number): Promise<ChangeAnswer> {
    const [kind, name] = partsOf(file);
    const version = newVersion(file, bytes);
    const headers = this.#headersFor(file, condition);
    return this.#change(
      { kind: "save", file, version, condition, sentAt: performance.now(), answer: lost },
      () =>
        kind === "configs"
          ? this.service.tryToSaveConfig(name, configOf(version), headers)
          : this.service.tryToUpload({ name, bytes: assetOf(version) }),
    );
  }

  delete(file: string, condition: Delete["condition"] = "none"): Promise<ChangeAnswer> {
    const headers = this.#headersFor(file, condition);
    return this.#change({ kind: "delete", file, condition, sentAt: performance.now(), answer: lost }, () =>
      this.service.request("DELETE", `/api/${file}`, { headers }),
    );
  }

  async read(file: string, as: Door = "device"): Promise<ReadAnswer> {
    const [kind] = partsOf(file);
    const path = kind === "configs" && as === "device" ? `/api/${file}.json` : `/api/${file}`;
    const asked = { kind: "read", file, sentAt: performance.now() } as const;
    const end = this.log.begin<typeof asked & { answer: ReadAnswer }>({ ...asked, answer: lost });
    const answer = await answerTo(
      () => this.service.request("GET", path),
      async (response): Promise<ReadAnswer> => {
        const bytes = Buffer.from(await response.arrayBuffer());
        const at = performance.now();
        if (response.status === 404) return { kind: "missing", at };
        if (response.status !== 200) return lost;
        this.#learn(file, response);
        return { kind: "found", at, revision: revisionIn(response), version: versionIn(kind, as, bytes) };
      },
    );
    end({ ...asked, answer });
    return answer;
  }

  /** Lists all files of a kind, and logs of each, and of each that was named before, whether it is there. */
  async list(kind: "configs" | "assets"): Promise<{ readonly kind: "listed" | "lost" }> {
    const sentAt = performance.now();
    const known = [...this.log.files].filter((file) => file.startsWith(kind));
    const list = () => (kind === "configs" ? this.service.listConfigs() : this.service.listAssets());
    const names = await answerTo(list, async (found) => found);
    if ("kind" in names) return names;
    const at = performance.now();
    const there = new Set(names.map((name) => `${kind}/${name}`));
    for (const file of new Set([...known, ...there])) {
      this.log.begin({ kind: "listed", file, sentAt, at, isThere: there.has(file) });
    }
    return { kind: "listed" };
  }

  /** Lists all files, and reads each of them and each that was ever named. */
  async readAll(): Promise<void> {
    await this.list("configs");
    await this.list("assets");
    for (const file of this.log.files) {
      const { kind } = await this.read(file);
      if (kind === "lost") throw new Error(`${file} cannot be read`);
    }
  }

  async #change(change: Change, send: () => Promise<Response>): Promise<ChangeAnswer> {
    const end = this.log.begin(change);
    const answer = await answerTo(send, async (response): Promise<ChangeAnswer> => {
      const text = await response.text();
      const at = performance.now();
      const { status } = response;
      if (response.ok) {
        this.#learn(change.file, response);
        return { kind: "done", at, revision: revisionIn(response) };
      }
      if ([404, 409, 412].includes(status)) return { kind: "unmet", at, status };
      return ENDS_UNKNOWN.includes(JSON.parse(text).code) ? lost : { kind: "refused", at, status };
    });
    end({ ...change, answer });
    return answer;
  }

  #headersFor(file: string, condition: Condition): Record<string, string> {
    if (condition === "none") return {};
    if (condition === "absent") return { "If-None-Match": "*" };
    return { "If-Match": condition === "present" ? "*" : this.log.etagOf(file, condition.revision) };
  }

  /** Conditions are held against the ETag of the operator's answers; a device's answers have another. */
  #learn(file: string, response: Response): void {
    const etag = response.headers.get("etag");
    if (etag !== null && !response.url.endsWith(".json"))
      this.log.learnETag(file, revisionIn(response), etag);
  }
}

/** What comes of a request: what `read` makes of its answer, or lost where none came or it broke off. */
async function answerTo<Response, Answer>(
  send: () => Promise<Response>,
  read: (response: Response) => Promise<Answer>,
): Promise<Answer | Lost> {
  try {
    return await read(await send());
  } catch (error) {
    if (error instanceof Error && "code" in error) return lost; // Of the connection: ours have no code.
    throw error;
  }
}

function revisionIn(response: Response): number {
  return Number(response.headers.get("x-revision") ?? Number.NaN);
}

function versionIn(kind: string, as: Door, bytes: Buffer): string {
  if (kind === "assets") return versionOfAsset(bytes);
  const text = bytes.toString();
  return versionOfConfig(as === "device" ? text : contentIn(text));
}

/** The operator's answer ends with the content, as it was written. */
function contentIn(text: string): string {
  const from = text.indexOf(`"content":`);
  return text.slice(from + `"content":`.length, -1);
}

function partsOf(file: string): [kind: "configs" | "assets", name: string] {
  const slash = file.indexOf("/");
  return [file.startsWith("configs/") ? "configs" : "assets", file.slice(slash + 1)];
}
