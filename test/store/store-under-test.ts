import { join } from "node:path";
import type { Caller } from "../../src/caller.ts";
import type {
  FileKey,
  FileVersion,
  Precondition,
  SaveConfig,
  SaveOutcome,
  Store,
} from "../../src/store/index.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

/** Opens a store that keeps what it has under `dataDir`, and finds it there when it is opened anew. */
export type OpenStore = (options: {
  readonly dataDir: string;
  readonly announces: boolean;
  readonly deviceTopics: "off" | "on" | "only";
  readonly keepRevisions: number;
  readonly now: () => Date;
}) => Promise<Store>;

export const anyone: Caller = { kind: "anonymous", requestId: "test" };

/** A store with its clock in the test's hands, and the few steps that most tests begin with. */
export class StoreUnderTest implements AsyncDisposable {
  #nowMs = Date.UTC(2026, 0, 1);
  #store: Store | null = null;

  constructor(
    private readonly open: OpenStore,
    private readonly dir: TempDir,
    private readonly announces: boolean,
    private readonly keepRevisions: number,
    private readonly deviceTopics: "off" | "on" | "only",
  ) {}

  get store(): Store {
    if (this.#store === null) throw new Error("the store is not open");
    return this.#store;
  }

  readonly now = (): Date => new Date(this.#nowMs);

  /** Lets so much time pass; less than none sets the clock back. */
  pass(ms: number): void {
    this.#nowMs += ms;
  }

  async start(announces = this.announces): Promise<void> {
    const { deviceTopics, keepRevisions, now } = this;
    const dataDir = join(this.dir.path, "data");
    this.#store = await this.open({ dataDir, announces, deviceTopics, keepRevisions, now });
  }

  /** As a new start of the service does, with a broker or without. */
  async reopen({ announces = this.announces } = {}): Promise<void> {
    await this.store.close();
    await this.start(announces);
  }

  saveConfig(mac: string, change: Partial<SaveConfig> = {}): Promise<SaveOutcome> {
    return this.store.saveConfig(configOf(mac, change), anyone);
  }

  /** A save that nothing stands against. */
  async saved(mac: string, change: Partial<SaveConfig> = {}): Promise<FileVersion> {
    const outcome = await this.saveConfig(mac, change);
    if (outcome.kind !== "saved") throw new Error(`${mac} was not saved: ${outcome.kind}`);
    return outcome.version;
  }

  /** By claim and row, as an upload does; the blob's own bytes are no concern of the store. */
  async uploaded(filename: string, content: string): Promise<FileVersion> {
    const sha256 = sha256Of(content);
    const claim = await this.store.claimBlob(sha256);
    const asset = { filename, sha256, size: content.length, claim, message: null, reading: null };
    const outcome = await this.store.saveAsset({ ...asset, precondition: "none" }, anyone);
    if (outcome.kind !== "saved") throw new Error(`${filename} was not saved: ${outcome.kind}`);
    return outcome.version;
  }

  delete(kind: FileKey["kind"], name: string, precondition: Precondition = "none") {
    return this.store.deleteFile({ kind, name, precondition }, anyone);
  }

  /** What waits to be announced and is due, as `configs/name@revision`. */
  async due(most = 1_000): Promise<string[]> {
    const due = await this.store.claimAnnouncements(most);
    return due.map(({ kind, name, revision }) => `${kind}/${name}@${revision}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store?.close();
    await this.dir[Symbol.asyncDispose]();
  }
}

export async function openStoreUnderTest(
  open: OpenStore,
  {
    announces = true,
    keepRevisions = 20,
    deviceTopics = "off",
  }: { announces?: boolean; keepRevisions?: number; deviceTopics?: "off" | "on" | "only" } = {},
): Promise<StoreUnderTest> {
  const opened = new StoreUnderTest(open, await tempDir(), announces, keepRevisions, deviceTopics);
  await opened.start();
  return opened;
}

export function configOf(mac: string, change: Partial<SaveConfig> = {}): SaveConfig {
  const content = change.content ?? Buffer.from(`{"deviceName":"${mac}"}`);
  return {
    mac,
    deviceName: null,
    deviceEntityId: null,
    enableOta: null,
    content,
    sha256: sha256Of(content),
    allowOverwrite: true,
    precondition: "none",
    message: null,
    ...change,
  };
}

export function sha256Of(content: Uint8Array | string): string {
  return new Bun.CryptoHasher("sha256").update(content).digest("hex");
}

/** Addresses that sort as they are counted. */
export function macOf(number: number): string {
  return `aa-00-00-00-00-${number.toString(16).padStart(2, "0")}`;
}
