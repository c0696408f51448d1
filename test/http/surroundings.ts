import { Database } from "bun:sqlite";
import { rename, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { esp32Image } from "../../simulate/esp-image.ts";
import { assetRoutes, Collector } from "../../src/assets/index.ts";
import { openDiskBlobs } from "../../src/blobs/index.ts";
import { configRoutes, parseMac } from "../../src/configs/index.ts";
import { fleetRoutes } from "../../src/fleet/index.ts";
import { createApp } from "../../src/http/index.ts";
import { createMetrics } from "../../src/ops/index.ts";
import type { Settings } from "../../src/settings.ts";
import { openSqliteStore } from "../../src/store/index.ts";
import { anyone, configOf } from "../store/store-under-test.ts";
import { damageDatabase } from "../support/damage.ts";
import type { Answered } from "../support/documented.ts";
import { macs } from "../support/load.ts";
import { openRaw } from "../support/raw-http.ts";
import { startTestService, type TestService } from "../support/service.ts";
import { uploadHead } from "../support/signed-form.ts";
import { smallDisk } from "../support/small-disk.ts";
import { tempDir } from "../support/temp-dir.ts";

export type Request = {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
};

/** Puts a request to a service in some state; `usual` is one that is well. */
export type Reach = (request: Request, usual: TestService) => Promise<Answered>;

export const PORCH = "aa-bb-cc-dd-ee-ff";
export const FIRMWARE = "fw.bin";
/** An image of an ESP32-C3. */
export const IMAGE = "plug.bin";
/** What the usual service allows, and what it waits for. */
export const usualSettings: Partial<Settings> = {
  maxConfigBytes: 1_000,
  maxAssetBytes: 10_000,
  uploadStallSeconds: 1,
  keepRevisions: 0,
};

/** The usual service, which has both files; and the request changed as it is said. */
export function asked(change: Partial<Request> = {}): Reach {
  return async (request, usual) => {
    await fill(usual);
    return await ask(usual, { ...request, ...change, headers: { ...request.headers, ...change.headers } });
  };
}

export const onKeylessService: Reach = async (request) => {
  await using service = await startTestService({ signingKeyPath: null });
  return await ask(service, request);
};

/** All its uploads are under way. */
export const onCrowdedService: Reach = async (request) => {
  await using service = await startTestService({ maxUploads: 1 });
  using other = await openRaw(service.url);
  await other.send(uploadHead(1_000));
  return await ask(service, request);
};

/** The body's last byte does not come. */
export const stalled: Reach = async ({ body = "" }, usual) => {
  using connection = await openRaw(usual.url);
  await connection.send(uploadHead(body.length));
  await connection.send(Buffer.from(body).subarray(0, -1));
  const { status, headers, body: text } = await connection.response();
  return {
    status,
    headers: { get: (name) => headers.get(name.toLowerCase()) ?? null },
    text: async () => `${text}`,
  };
};

/** Its database cannot be read any more; a write that is tried on it is its last. */
export const onDamagedService: Reach = async (request) => {
  await using dir = await tempDir();
  const dataDir = join(dir.path, "data");
  {
    await using before = await startTestService({ dataDir });
    await fill(before);
  }
  await using service = await startTestService({ dataDir });
  await damageDatabase(dataDir);
  return await ask(service, request);
};

/** It can read, but its first write finds a table missing, and is its last. */
export const onUnwritableService: Reach = async (request) => {
  await using service = await startTestService();
  await fill(service);
  const other = new Database(join(service.settings.dataDir, "iotsupport.db"));
  other.run("drop table counts");
  other.close();
  return await ask(service, request);
};

/** Its database is gone from where a reading thread looks for it. */
export const onServiceWithoutDatabase: Reach = async (request) => {
  await using service = await startTestService();
  await fill(service); // The writing thread has it by then.
  const database = join(service.settings.dataDir, "iotsupport.db");
  await rename(database, `${database}.gone`);
  const answer = await ask(service, request);
  await rename(`${database}.gone`, database);
  return answer;
};

/** Others have filled its disk, and it was started anew since: nothing is held back. Only where `canMountDisks`. */
export const onFullDisk: Reach = (request) => askOnFullDisk(request, {});

/** The same with a broker, which is not there: what is announced has to be kept. */
export const onFullDiskWithBroker: Reach = (request) => {
  const mqtt = { url: "mqtt://127.0.0.1:1", username: null, password: null };
  return askOnFullDisk(request, { mqtt });
};

async function askOnFullDisk(request: Request, settings: Partial<Settings>): Promise<Answered> {
  await using disk = await smallDisk("12m");
  const dataDir = join(disk.path, "data");
  {
    await using before = await startTestService({ dataDir });
    await fill(before);
  }
  await rm(join(dataDir, "reserve"));
  await fillDisk(disk.path, ROOM_TO_START);
  await using service = await startTestService({ ...settings, dataDir });
  return await ask(service, request);
}

/** So much waits for the disk and for lists that it takes no more. */
export const onBusyService: Reach = async ({ method, path, headers = {}, body }) => {
  await using busy = await startBusy();
  const init = { method, headers, ...(body !== undefined && { body }) };
  return await answered(await busy.app.request(path, init));
};

/** Gives it both files. */
export async function fill(service: TestService): Promise<void> {
  await service.saveConfig(PORCH, {});
  await service.uploadAsset(FIRMWARE, "firmware");
  await service.uploadAsset(IMAGE, esp32Image());
}

export async function ask(
  service: TestService,
  { method, path, headers = {}, body }: Request,
): Promise<Answered> {
  const init = { headers, ...(body !== undefined && { body }) };
  return await answered(await service.request(method, path, init));
}

/** With its body, whatever becomes of who gave it. */
async function answered(response: Response): Promise<Answered> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text: async () => text };
}

/** SQLite's index of its log takes 32 KiB; no write finds room in the rest. */
const ROOM_TO_START = 36 * 1024;

async function fillDisk(path: string, bytesLeft: number): Promise<void> {
  const { bavail, bsize } = await statfs(path);
  await writeFile(join(path, "filling"), Buffer.alloc(bavail * bsize - bytesLeft));
}

const MOST_WRITES = 10_000;
const MOST_LISTS = 1_000;

/** The service's parts, with its store in our hands: another connection has its database, so that writes wait. */
async function startBusy() {
  await using starting = new AsyncDisposableStack();
  const dataDir = join(starting.use(await tempDir()).path, "data");
  const now = () => new Date();
  const store = openSqliteStore({ dataDir, announces: false, keepRevisions: 20, now });
  const blobs = openDiskBlobs(dataDir);
  const log = pino({ level: "silent" });
  const metrics = createMetrics("0");
  const limits = { maxAssetBytes: 1, uploadStallSeconds: 1, uploadMaxSeconds: 1 };
  const collector = new Collector(store, blobs, log, now);
  const nudge = () => {};
  const app = createApp(
    [
      configRoutes({ store, maxConfigBytes: 1_000, metrics, log }),
      assetRoutes({ store, blobs, collector, rules: null, limits, maxUploads: 1, metrics, log }),
      fleetRoutes({ store, nudge, now, log, parseMac, parseFileName: (name) => name }),
    ],
    { corsOrigins: [], publicUrl: null, allowedHosts: [] },
    metrics,
    log,
    now,
  );
  await store.saveConfig(configOf(PORCH), anyone);
  const firmware = {
    filename: FIRMWARE,
    sha256: "0".repeat(64),
    size: 1,
    precondition: "none",
    message: null,
    reading: null,
  } as const;
  await store.saveAsset({ ...firmware, claim: await store.claimBlob(firmware.sha256) }, anyone);
  await Promise.all(macs(2_000).map((mac) => store.saveConfig(configOf(mac), anyone)));

  const other = new Database(join(dataDir, "iotsupport.db"));
  other.run("begin immediate");
  const writes = Array.from({ length: MOST_WRITES }, () => store.saveConfig(configOf(PORCH), anyone));
  const lists = Array.from({ length: MOST_LISTS }, () =>
    store.listConfigs({ after: null, limit: 1, q: "no such" }),
  );
  starting.defer(async () => {
    other.run("rollback");
    other.close();
    await Promise.all([...writes, ...lists]);
    await store.close();
  });
  const running = starting.move();
  return { app, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
