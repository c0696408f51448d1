import type { Database } from "bun:sqlite";
import { authorOf } from "../../src/caller.ts";
import { storeUnavailable } from "../../src/fault.ts";
import type { Change, DeviceChange, FleetStore, Store } from "../../src/store/index.ts";
import { readUnnamedBlobs } from "../../src/store/sqlite/blobs.ts";
import { readConvergence, readStates } from "../../src/store/sqlite/convergence.ts";
import { databaseIn, reserveIn } from "../../src/store/sqlite/data-dir.ts";
import { openForReading, openForWriting } from "../../src/store/sqlite/database.ts";
import { readDevice, readDevices, readDevicesAt, readDevicesNamed } from "../../src/store/sqlite/devices.ts";
import { lockDataDir } from "../../src/store/sqlite/lock.ts";
import type { SqliteStoreOptions } from "../../src/store/sqlite/open.ts";
import { settledOf } from "../../src/store/sqlite/outbox.ts";
import { readDueDevices, readPickups, readUsers, readWanted } from "../../src/store/sqlite/pickups.ts";
import { readMacs, readMark, readPublished } from "../../src/store/sqlite/published.ts";
import { findReading } from "../../src/store/sqlite/readings.ts";
import {
  readAsset,
  readAssets,
  readConfig,
  readConfigs,
  readContent,
  readCounts,
} from "../../src/store/sqlite/reads.ts";
import { readFilesToReannounce } from "../../src/store/sqlite/reannouncements.ts";
import { Reserve } from "../../src/store/sqlite/reserve.ts";
import { readRevision, readRevisions } from "../../src/store/sqlite/revisions.ts";
import { devicesChangedBy } from "../../src/store/sqlite/sqlite-store.ts";
import { type Outcome, type Verb, type Write, type WriteOf, Writer } from "../../src/store/sqlite/writer.ts";

/**
 * A store of the modules that the SQLite store's threads run, all in this thread, one write a commit: here they can be
 * stepped through, and it is seen which of their lines a test reaches.
 */
export async function openInOneThread({
  dataDir,
  announces,
  deviceTopics = "off",
  keepRevisions,
  now,
}: SqliteStoreOptions): Promise<Store> {
  const lock = lockDataDir(dataDir);
  const db = openForWriting(databaseIn(dataDir));
  const reading = openForReading(databaseIn(dataDir));
  const writer = new Writer(db, new Reserve(reserveIn(dataDir)), { announces, deviceTopics, keepRevisions });
  const listeners: ((change: Change) => void)[] = [];
  const deviceListeners: ((change: DeviceChange) => void)[] = [];
  let isClosed = false;
  const checkIsOpen = () => {
    if (isClosed) throw storeUnavailable("it is closed");
  };

  const write = async <V extends Verb>(...one: WriteOf<V>): Promise<Outcome<V>> => {
    checkIsOpen();
    const [answer] = writer.commit([one as unknown as Write], now().getTime());
    if (answer?.kind !== "done") throw new Error(`not done: ${JSON.stringify(answer)}`);
    for (const devices of devicesChangedBy(one as unknown as Write, answer.outcome)) {
      for (const listener of deviceListeners) listener(devices);
    }
    return answer.outcome as Outcome<V>;
  };
  const changing = async <V extends "saveConfig" | "saveAsset" | "deleteFile">(
    ...one: WriteOf<V>
  ): Promise<Outcome<V>> => {
    const outcome = await write(...one);
    if (outcome.kind === "saved") {
      const { version } = outcome;
      const { kind, name, revision } = version;
      for (const listener of listeners) listener({ kind, name, revision, version });
    }
    if (outcome.kind === "deleted") {
      const [, { kind, name }] = one as unknown as WriteOf<"deleteFile">;
      for (const listener of listeners) listener({ kind, name, revision: outcome.revision, version: null });
    }
    return outcome;
  };

  return {
    failed: new Promise(() => {}),
    trouble: null,
    fleet: fleetInOneThread(reading, write),
    published: {
      listPublished: async (mac) => readPublished(reading, mac),
      listMacs: async (after, most) => readMacs(reading, after, most),
      notePublished: (shown, gone, mark) => write("notePublished", shown, gone, mark),
      readMark: async () => readMark(reading),
    },
    findContent: async (mac, revision) => readContent(reading, mac, revision),
    listRevisions: async (file, before, limit) =>
      readRevisions(reading, file, before ?? Number.MAX_SAFE_INTEGER, limit),
    findRevision: async (file, revision) => readRevision(reading, file, revision),
    findReading: async (sha256) => findReading(reading, sha256),
    keepReading: (sha256, reading) => write("keepReading", sha256, reading),
    forgetDeletedFiles: () => write("forgetDeletedFiles"),
    saveConfig: (save, caller) => changing("saveConfig", save, authorOf(caller)),
    saveAsset: (save, caller) => changing("saveAsset", save, authorOf(caller)),
    deleteFile: (file, caller) => changing("deleteFile", file, authorOf(caller)),
    findConfig: async (mac) => readConfig(reading, mac),
    findAsset: async (filename) => readAsset(reading, filename),
    async listConfigs(page) {
      checkIsOpen();
      return readConfigs(reading, page);
    },
    listAssets: async (page) => readAssets(reading, page),
    counts: async () => readCounts(reading),
    onChange: (listener) => void listeners.push(listener),
    onDevices: (listener) => void deviceListeners.push(listener),
    onFull: () => {},
    claimAnnouncements: (most) => write("claimAnnouncements", most),
    settleAnnouncements: (announcements) => write("settleAnnouncements", announcements.map(settledOf)),
    postponeAnnouncements: (postponements) => write("postponeAnnouncements", postponements),
    claimBlob: (sha256) => write("claimBlob", sha256),
    releaseClaim: (claim) => write("releaseClaim", claim),
    listUnnamedBlobs: async (unnamedForMs) => readUnnamedBlobs(reading, now().getTime(), unnamedForMs),
    forgetBlobs: (sha256s) => write("forgetBlobs", sha256s),
    async close() {
      if (isClosed) return;
      isClosed = true;
      reading.close();
      db.close();
      lock[Symbol.dispose]();
    },
  };
}

type WriteOne = <V extends Verb>(...one: WriteOf<V>) => Promise<Outcome<V>>;

function fleetInOneThread(reading: Database, write: WriteOne): FleetStore {
  return {
    findDevice: async (mac) => readDevice(reading, mac),
    findDevices: async (macs) => readDevicesNamed(reading, macs),
    findDevicesAt: async (addresses) => readDevicesAt(reading, addresses),
    findWanted: async (file) => readWanted(reading, file),
    listUsers: async (file, after, most) => readUsers(reading, file, after, most),
    listPickups: async (mac) => readPickups(reading, mac),
    listDueDevices: async (now, most) => readDueDevices(reading, now, most),
    listDevices: async (query) => readDevices(reading, query),
    readConvergence: async (file, revision, now) => readConvergence(reading, file, revision, now),
    countStates: async (now) => readStates(reading, now),
    saveSightings: async (sightings) => void (await write("saveSightings", sightings)),
    editDevice: (mac, edit) => write("editDevice", mac, edit),
    forgetDevice: (mac) => write("forgetDevice", mac),
    announceAgain: (file) => write("announceAgain", file),
    announceAllTo: (mac) => write("announceAllTo", mac),
    listFilesToReannounce: async (now, most) => readFilesToReannounce(reading, now, most),
    reannounce: (files) => write("reannounce", files),
  };
}
