import * as v from "valibot";
import { Stop } from "../scripts/cli.mjs";
import type { Newest } from "./account.ts";

const File = v.object({
  file: v.string(),
  topic: v.picklist(["configs", "assets"]),
  wanted_revision: v.number(),
  revision: v.nullable(v.number()),
  state: v.string(),
});
const DevicePage = v.object({
  devices: v.array(v.object({ mac_address: v.string(), files: v.array(File) })),
  next_cursor: v.nullable(v.string()),
});
const Convergence = v.object({
  revision: v.number(),
  announced_at: v.nullable(v.string()),
  devices: v.number(),
  states: v.record(v.string(), v.number()),
  seconds_to: v.object({
    p50: v.nullable(v.number()),
    p90: v.nullable(v.number()),
    p99: v.nullable(v.number()),
  }),
  behind: v.array(v.string()),
});
const Revisions = v.object({
  revisions: v.array(v.object({ revision: v.number(), created_at: v.string() })),
});
const Manifest = v.object({ builds: v.array(v.object({ chipFamily: v.string() })) });

export type FileView = v.InferOutput<typeof File>;
export type ConvergenceView = v.InferOutput<typeof Convergence>;

const ANSWERED_WITHIN_MS = 10_000;

/** What the service says of the fleet. */
export class ServiceView {
  constructor(readonly url: string) {}

  /** Throws `Stop` where no service of ours answers. */
  async expectThere(): Promise<void> {
    const response = await this.#get("/api/health");
    if (!response.ok)
      throw new Stop(`${this.url} answers, but not as a healthy iotsupport: HTTP ${response.status}`);
  }

  /** Null where there is no such asset. */
  async convergence(file: string): Promise<ConvergenceView | null> {
    return await this.#read(Convergence, `/api/convergence?topic=assets&file=${encodeURIComponent(file)}`);
  }

  /** The newest revision of an asset; null where there is no such asset. */
  async newest(file: string): Promise<Newest | null> {
    const found = await this.#read(Revisions, `/api/assets/${encodeURIComponent(file)}/revisions?limit=1`);
    const first = found?.revisions[0];
    return first === undefined ? null : { revision: first.revision, since: Date.parse(first.created_at) };
  }

  /** The files of the devices whose MAC begins so, by their MAC. */
  async files(macPrefix: string): Promise<ReadonlyMap<string, readonly FileView[]>> {
    const found = new Map<string, readonly FileView[]>();
    for (let cursor = ""; ; ) {
      const page = await this.#read(DevicePage, `/api/devices?q=${macPrefix}&limit=1000${cursor}`);
      for (const { mac_address, files } of page?.devices ?? []) found.set(mac_address, files);
      if (page === null || page.next_cursor === null) return found;
      cursor = `&cursor=${page.next_cursor}`;
    }
  }

  /** The chip that a firmware is built for; null where it does not say. */
  async chipOf(firmware: string): Promise<string | null> {
    const manifest = await this.#read(Manifest, `/api/manifests/${encodeURIComponent(firmware)}.json`);
    return manifest?.builds[0]?.chipFamily ?? null;
  }

  async #read<T>(schema: v.GenericSchema<unknown, T>, path: string): Promise<T | null> {
    const response = await this.#get(path);
    if (response.status === 404 || response.status === 409) return null;
    if (!response.ok) throw new Stop(`${path}: HTTP ${response.status}: ${await response.text()}`);
    return v.parse(schema, await response.json());
  }

  async #get(path: string): Promise<Response> {
    try {
      return await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(ANSWERED_WITHIN_MS) });
    } catch (error) {
      throw new Stop(`No service answers at ${this.url}: ${codeOf(error)}; start one with npm start`);
    }
  }
}

/** Bun's message asks what no reader can answer; its code is what went wrong. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
