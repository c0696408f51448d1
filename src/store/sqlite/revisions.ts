import type { Database } from "bun:sqlite";
import type { FileKey, FileKind } from "../file-key.ts";
import type { Revision } from "../store.ts";
import { unnameBlob } from "./blobs.ts";
import type { Transaction } from "./transaction.ts";

const MOST_FORGOTTEN = 1_000;
const NONE = { sha256: null, size: null, content: null } as const;

/** What a file is from now on. A config's bytes are kept in its history, an asset's are a blob. */
export interface NewBytes {
  readonly sha256: string;
  readonly size: number;
  readonly content: Uint8Array | null;
}

/** What a change leaves in its file's history. */
interface NewRevision extends FileKey {
  readonly revision: number;
  /** Null where it is a delete. */
  readonly bytes: NewBytes | null;
  readonly author: string | null;
  readonly message: string | null;
}

/** Writes a change into its file's history, and forgets what that has too many of. */
export function recordRevision(tx: Transaction, made: NewRevision): void {
  const { kind, name, revision, bytes, author, message } = made;
  const { sha256, size, content } = bytes ?? NONE;
  const sql = `
    insert into revisions (kind, name, revision, sha256, size, created_at, author, message, content)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
  tx.db.query(sql).run(kind, name, revision, sha256, size, tx.now, author, message, content);
  const { keepRevisions } = tx.rules;
  if (keepRevisions > 0) forgetRevisions(tx, made, revision - keepRevisions);
}

/** Forgets a file's revisions up to this one, and unnames the blobs that no other names. */
export function forgetRevisions(tx: Transaction, { kind, name }: FileKey, upTo: number): void {
  const old = `select revision, sha256 from revisions where kind = ? and name = ? and revision <= ?`;
  const forget = tx.db.query(`delete from revisions where kind = ? and name = ? and revision = ?`);
  // One after another, as it is one nearly always: what `returning` gathers in would cost as much as all the rest.
  for (const { revision, sha256 } of tx.db
    .query<OldRevision, [string, string, number]>(old)
    .all(kind, name, upTo)) {
    forget.run(kind, name, revision);
    if (kind === "assets" && sha256 !== null) unnameBlob(tx, sha256);
  }
}

/** Forgets what deleted files were, a thousand revisions at a time; their tombstones stay. */
export function forgetDeletedFiles(tx: Transaction): void {
  const sql = `
    delete from revisions where (kind, name, revision) in (
      select kind, name, revisions.revision from revisions join files using (kind, name)
      where files.sha256 is null and revisions.sha256 is not null limit ?)
    returning kind, sha256`;
  const forgotten = tx.db.query<{ kind: FileKind; sha256: string }, [number]>(sql).all(MOST_FORGOTTEN);
  for (const { kind, sha256 } of forgotten) if (kind === "assets") unnameBlob(tx, sha256);
}

/** A file's revisions that are kept, newest first: those below `before`, at most `limit`. */
export function readRevisions(
  db: Database,
  { kind, name }: FileKey,
  before: number,
  limit: number,
): readonly Revision[] {
  const sql = `
    select revision, sha256, size, created_at, author, message, reading
    from revisions left join readings using (sha256)
    where kind = ? and name = ? and revision < ? order by revision desc limit ?`;
  return db
    .query<RevisionRow, [string, string, number, number]>(sql)
    .all(kind, name, before, limit)
    .map(revisionOf);
}

/** One revision of a file; null where it is not kept, or never was. */
export function readRevision(db: Database, { kind, name }: FileKey, revision: number): Revision | null {
  const sql = `
    select revision, sha256, size, created_at, author, message, reading
    from revisions left join readings using (sha256)
    where kind = ? and name = ? and revision = ?`;
  const row = db.query<RevisionRow, [string, string, number]>(sql).get(kind, name, revision);
  return row === null ? null : revisionOf(row);
}

interface OldRevision {
  readonly revision: number;
  readonly sha256: string | null;
}

interface RevisionRow {
  readonly revision: number;
  readonly sha256: string | null;
  readonly size: number | null;
  readonly created_at: number;
  readonly author: string | null;
  readonly message: string | null;
  readonly reading: string | null;
}

function revisionOf({ created_at, ...row }: RevisionRow): Revision {
  return { ...row, createdAt: new Date(created_at) };
}
