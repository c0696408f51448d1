import type { Database } from "bun:sqlite";
import type { FileKey, FileKind } from "../file-key.ts";
import { etagOf, type FileVersion, type Precondition } from "../store.ts";
import { type NewBytes, recordRevision } from "./revisions.ts";
import type { Transaction } from "./transaction.ts";

/** Who makes a change, and what they say of it. */
export interface Signature {
  readonly author: string | null;
  readonly message: string | null;
}

/** A row of `files`: the newest state of a file, or the tombstone of a deleted one (its hash is null). */
export interface FileRow {
  readonly kind: FileKind;
  readonly name: string;
  readonly revision: number;
  readonly sha256: string | null;
  readonly size: number | null;
  readonly changed_at: number;
}

/** The file's row, a tombstone too; null where there never was such a file. */
export function readFileRow(db: Database, { kind, name }: FileKey): FileRow | null {
  const sql = `select kind, name, revision, sha256, size, changed_at from files where kind = ? and name = ?`;
  return db.query<FileRow, [string, string]>(sql).get(kind, name);
}

/** Whether any file was ever saved: one that was deleted counts. */
export function readHasFiles(db: Database): boolean {
  return db.query(`select 1 from files limit 1`).get() !== null;
}

/** What a row says of a file that exists; null of a tombstone. */
export function versionOf(row: FileRow | null): FileVersion | null {
  if (row?.sha256 == null || row.size === null) return null;
  const { kind, name, revision, sha256, size } = row;
  return { kind, name, revision, sha256, size, changedAt: new Date(row.changed_at) };
}

/** RFC 9110, section 13.1.1: If-Match compares strongly, and `*` asks only that there is something. */
export function holds(precondition: Precondition, current: FileVersion | null): boolean {
  if (precondition === "none") return true;
  if (precondition === "absent") return current === null;
  if (current === null) return false;
  return precondition.etags === "*" || precondition.etags.includes(etagOf(current));
}

/** Writes the file's next revision, into its history too. */
export function writeVersion(
  tx: Transaction,
  file: FileKey & NewBytes,
  previous: FileRow | null,
  signature: Signature,
): FileVersion {
  const { kind, name, sha256, size } = file;
  const revision = (previous?.revision ?? 0) + 1;
  const sql = `
    insert into files (kind, name, revision, sha256, size, changed_at, author) values (?, ?, ?, ?, ?, ?, ?)
    on conflict (kind, name) do update set revision = excluded.revision, sha256 = excluded.sha256,
      size = excluded.size, changed_at = excluded.changed_at, author = excluded.author`;
  tx.db.query(sql).run(kind, name, revision, sha256, size, tx.now, signature.author);
  recordRevision(tx, { kind, name, revision, bytes: file, ...signature });
  return { kind, name, revision, sha256, size, changedAt: new Date(tx.now) };
}

/** Writes the file's tombstone, which takes a revision like any change. */
export function writeTombstone(tx: Transaction, previous: FileRow, signature: Signature): number {
  const { kind, name } = previous;
  const revision = previous.revision + 1;
  const sql = `
    update files set revision = ?, sha256 = null, size = null, changed_at = ?, author = ?
    where kind = ? and name = ?`;
  tx.db.query(sql).run(revision, tx.now, signature.author, kind, name);
  recordRevision(tx, { kind, name, revision, bytes: null, ...signature });
  return revision;
}
