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
  const { keepRevisions } = tx.rules;
  const last = keepRevisions > 0 ? made.revision - keepRevisions : 0; // To be forgotten, with those before it.
  if (made.kind === "configs" && last > 0 && takeOver(tx, made, last)) {
    forgetRevisions(tx, made, last - 1);
    return;
  }
  const sql = `
    insert into revisions (revision, sha256, size, created_at, author, message, content, kind, name)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
  tx.db.query(sql).run(...columnsOf(tx, made), made.kind, made.name);
  if (last > 0) forgetRevisions(tx, made, last);
}

/**
 * Writes a change into the row of the revision that it makes one too many; false where there is none. A row more and
 * another less would be several more pages of the log: a save alone takes a quarter longer so.
 */
function takeOver(tx: Transaction, made: NewRevision, last: number): boolean {
  const sql = `
    update revisions set revision = ?, sha256 = ?, size = ?, created_at = ?, author = ?, message = ?, content = ?
    where kind = ${literalOf(made.kind)} and name = ? and revision = ?`;
  return tx.db.query(sql).run(...columnsOf(tx, made), made.name, last).changes > 0;
}

function columnsOf({ now }: Transaction, { revision, bytes, author, message }: NewRevision) {
  const { sha256, size, content } = bytes ?? NONE;
  return [revision, sha256, size, now, author, message, content] as const;
}

/** Forgets a file's revisions up to this one, and unnames the blobs that no other names. */
export function forgetRevisions(tx: Transaction, { kind, name }: FileKey, upTo: number): void {
  const these = `from revisions where kind = ${literalOf(kind)} and name = ?`;
  const old = tx.db.query<OldRevision, [string, number]>(
    `select revision, sha256 ${these} and revision <= ?`,
  );
  const forget = tx.db.query(`delete ${these} and revision = ?`);
  // One after another, as it is one at the most nearly always: what `returning` gathers in would cost as much as all the rest.
  for (const { revision, sha256 } of old.all(name, upTo)) {
    forget.run(name, revision);
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
    where kind = ${literalOf(kind)} and name = ? and revision < ? order by revision desc limit ?`;
  return db.query<RevisionRow, [string, number, number]>(sql).all(name, before, limit).map(revisionOf);
}

/** One revision of a file; null where it is not kept, or never was. */
export function readRevision(db: Database, { kind, name }: FileKey, revision: number): Revision | null {
  const sql = `
    select revision, sha256, size, created_at, author, message, reading
    from revisions left join readings using (sha256)
    where kind = ${literalOf(kind)} and name = ? and revision = ?`;
  const row = db.query<RevisionRow, [string, number]>(sql).get(name, revision);
  return row === null ? null : revisionOf(row);
}

/**
 * A kind as it stands in SQL on `revisions`. Where it is bound, SQLite plans the statement anew each time, as an index of
 * that table is for one kind only.
 */
export function literalOf(kind: FileKind): string {
  return `'${kind}'`;
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
