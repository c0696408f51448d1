import type { Database } from "bun:sqlite";
import type { Config, ConfigSummary, Counts, FileVersion, Page } from "../store.ts";
import { type FileRow, readFileRow, versionOf } from "./files.ts";

/** A config with its content, of one moment; null where there is none. */
export function readConfig(db: Database, mac: string): Config | null {
  const sql = `
    select kind, name, revision, files.sha256, files.size, changed_at, mac, device_name, device_entity_id, enable_ota,
      content
    from files join configs on mac = name join revisions using (kind, name, revision)
    where kind = 'configs' and name = ?`;
  const row = db
    .query<FileRow & ConfigRow & { readonly content: Uint8Array<ArrayBuffer> }, [string]>(sql)
    .get(mac);
  const version = versionOf(row);
  if (row === null || version === null) return null;
  return { ...summaryOf(row), version, content: row.content };
}

export function readContent(db: Database, mac: string, revision: number): Uint8Array<ArrayBuffer> | null {
  const sql = `select content from revisions where kind = 'configs' and name = ? and revision = ?`;
  const row = db
    .query<{ readonly content: Uint8Array<ArrayBuffer> | null }, [string, number]>(sql)
    .get(mac, revision);
  return row?.content ?? null;
}

export function readAsset(db: Database, filename: string): FileVersion | null {
  return versionOf(readFileRow(db, { kind: "assets", name: filename }));
}

/** The configs after `page.after`, sorted by MAC. `q` is looked for in any case, which for SQLite is ASCII's. */
export function readConfigs(
  db: Database,
  page: Page & { readonly q: string | null },
): readonly ConfigSummary[] {
  const sql = `
    select mac, device_name, device_entity_id, enable_ota from configs
    where mac > ?1 and (?2 is null or instr(lower(mac), lower(?2)) or instr(lower(device_name), lower(?2))
      or instr(lower(device_entity_id), lower(?2)))
    order by mac limit ?3`;
  return db
    .query<ConfigRow, [string, string | null, number]>(sql)
    .all(page.after ?? "", page.q, page.limit)
    .map(summaryOf);
}

export function readAssets(db: Database, page: Page): readonly FileVersion[] {
  const sql = `
    select kind, name, revision, sha256, size, changed_at from files
    where kind = 'assets' and name > ? and sha256 is not null order by name limit ?`;
  return db
    .query<FileRow, [string, number]>(sql)
    .all(page.after ?? "", page.limit)
    .flatMap((row) => versionOf(row) ?? []);
}

/** Files are one look-up, however many there are. Those that wait to be announced are counted. */
export function readCounts(db: Database): Counts {
  const rows = db
    .query<{ name: string; n: number }, []>(
      `select name, n from counts union all select 'outbox', count(*) from outbox`,
    )
    .all();
  const counts = new Map(rows.map(({ name, n }) => [name, n]));
  const oldest = db
    .query<{ committed_at: number }, []>(`select committed_at from outbox order by position limit 1`)
    .get();
  return {
    configs: counts.get("configs") ?? 0,
    assets: counts.get("assets") ?? 0,
    pendingAnnouncements: counts.get("outbox") ?? 0,
    oldestAnnouncement: oldest === null ? null : new Date(oldest.committed_at),
  };
}

interface ConfigRow {
  readonly mac: string;
  readonly device_name: string | null;
  readonly device_entity_id: string | null;
  readonly enable_ota: number | null;
}

function summaryOf({ mac, device_name, device_entity_id, enable_ota }: ConfigRow): ConfigSummary {
  return {
    mac,
    deviceName: device_name,
    deviceEntityId: device_entity_id,
    enableOta: enable_ota === null ? null : enable_ota === 1,
  };
}
