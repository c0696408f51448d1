import type {
  DeleteFile,
  DeleteOutcome,
  SaveAsset,
  SaveAssetOutcome,
  SaveConfig,
  SaveOutcome,
} from "../store.ts";
import { nameBlob } from "./blobs.ts";
import { expectDevice, expectDeviceNoMore } from "./devices.ts";
import { holds, readFileRow, versionOf, writeTombstone, writeVersion } from "./files.ts";
import { announce, dropAnnouncement } from "./outbox.ts";
import { endJudging } from "./pickups.ts";
import { keepReading } from "./readings.ts";
import { forgetRevisions } from "./revisions.ts";
import type { Transaction } from "./transaction.ts";

/** Writes a config's next revision, and its announcement with it, unless a condition of the save forbids. */
export function saveConfig(tx: Transaction, save: SaveConfig, author: string | null): SaveOutcome {
  const { sha256, content } = save;
  const file = { kind: "configs", name: save.mac, sha256, size: content.length, content } as const;
  const row = readFileRow(tx.db, file);
  const current = versionOf(row);
  if (current !== null && !save.allowOverwrite) return { kind: "exists" };
  if (!holds(save.precondition, current)) return { kind: "preconditionFailed" };

  writeSummary(tx, save);
  const version = writeVersion(tx, file, row, { author, message: save.message });
  if (current === null) expectDevice(tx, save.mac);
  announce(tx, version);
  return { kind: "saved", version };
}

/** Names a blob as an asset's next revision, and writes its announcement with it, unless the save's condition forbids. */
export function saveAsset(tx: Transaction, save: SaveAsset, author: string | null): SaveAssetOutcome {
  const { sha256, size } = save;
  const file = { kind: "assets", name: save.filename, sha256, size, content: null } as const;
  const row = readFileRow(tx.db, file);
  if (!holds(save.precondition, versionOf(row))) return { kind: "preconditionFailed" };

  nameBlob(tx, save.sha256, save.claim);
  if (save.reading !== null) keepReading(tx, save.sha256, save.reading);
  const version = writeVersion(tx, file, row, { author, message: save.message });
  announce(tx, version);
  return { kind: "saved", version };
}

/** Leaves a tombstone. What still waits to be announced of the file is dropped. Where room is short, so is its history. */
export function deleteFile(tx: Transaction, file: DeleteFile, author: string | null): DeleteOutcome {
  const row = readFileRow(tx.db, file);
  const current = versionOf(row);
  if (row === null || current === null) return { kind: "missing" };
  if (!holds(file.precondition, current)) return { kind: "preconditionFailed" };

  const revision = writeTombstone(tx, row, { author, message: null });
  if (file.kind === "configs") {
    tx.db.query(`delete from configs where mac = ?`).run(file.name);
    expectDeviceNoMore(tx, file.name);
  }
  endJudging(tx, file);
  if (tx.isRoomShort) forgetRevisions(tx, file, revision - 1);
  dropAnnouncement(tx, file);
  return { kind: "deleted", revision };
}

function writeSummary(tx: Transaction, save: SaveConfig): void {
  const sql = `
    insert into configs (mac, device_name, device_entity_id, enable_ota) values (?, ?, ?, ?)
    on conflict (mac) do update set device_name = excluded.device_name,
      device_entity_id = excluded.device_entity_id, enable_ota = excluded.enable_ota`;
  tx.db.query(sql).run(save.mac, save.deviceName, save.deviceEntityId, save.enableOta);
}
