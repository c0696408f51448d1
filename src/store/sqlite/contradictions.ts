import type { Database } from "bun:sqlite";

/** What is damaged in the database, or contradicts itself. */
export function readContradictions(db: Database): readonly string[] {
  const damage = db.query<{ integrity_check: string }, []>("pragma integrity_check").all();
  const sentences = damage.map(({ integrity_check }) => integrity_check).filter((each) => each !== "ok");
  if (sentences.length > 0) return sentences.map((each) => `the database is damaged: ${each}`);
  return db.transaction(() => [...misfits(db), ...changedContents(db), ...miscounts(db)])();
}

/** Each query finds the names of those of which the sentence holds; it should find none. */
const rules: readonly [sentence: (name: string) => string, sql: string][] = [
  [
    (mac) => `config ${mac} is missing from the list`,
    `select name from files where kind = 'configs' and sha256 is not null except select mac from configs`,
  ],
  [
    (file) => `the newest revision of ${file} is missing from its history`,
    `select kind || '/' || name as name from files where not exists (
       select 1 from revisions where (revisions.kind, revisions.name, revisions.revision)
         = (files.kind, files.name, files.revision) and revisions.sha256 is files.sha256)`,
  ],
  [
    (mac) => `config ${mac} is in the list, but not there`,
    `select mac as name from configs
     except select name from files where kind = 'configs' and sha256 is not null`,
  ],
  [
    (filename) => `asset ${filename} names a blob that could be collected`,
    `select distinct name from revisions where kind = 'assets' and sha256 is not null
       and not exists (select 1 from blobs where blobs.sha256 = revisions.sha256 and unnamed_since is null)`,
  ],
  [
    (sha256) => `blob ${sha256} would never be collected, though no revision names it`,
    `select sha256 as name from blobs where unnamed_since is null
     except select sha256 from revisions where kind = 'assets'`,
  ],
  [
    (file) => `an announcement of ${file} waits, which is not there in that revision`,
    `select kind || '/' || subject as name from outbox where not exists (
       select 1 from files where files.kind = outbox.kind and name = subject
         and sha256 is not null and files.revision >= outbox.revision)`,
  ],
];

function misfits(db: Database): string[] {
  return rules.flatMap(([sentence, sql]) =>
    db
      .query<{ name: string }, []>(sql)
      .all()
      .map(({ name }) => sentence(name)),
  );
}

function changedContents(db: Database): string[] {
  const sql = `
    select name, revision, sha256, size, content from revisions
    where kind = 'configs' and content is not null`;
  const changed: string[] = [];
  for (const { name, revision, sha256, size, content } of db.query<ContentRow, []>(sql).iterate()) {
    const found = new Bun.CryptoHasher("sha256").update(content).digest("hex");
    if (found !== sha256)
      changed.push(`config ${name} is damaged: its revision ${revision} has another hash than was saved`);
    else if (content.length !== size)
      changed.push(
        `config ${name} has ${content.length} bytes in revision ${revision}, not the ${size} noted`,
      );
  }
  return changed;
}

function miscounts(db: Database): string[] {
  const sql = `
    select counts.name, n, (select count(*) from files where kind = counts.name and sha256 is not null) as counted
    from counts`;
  return db
    .query<{ name: string; n: number; counted: number }, []>(sql)
    .all()
    .filter(({ n, counted }) => n !== counted)
    .map(({ name, n, counted }) => `the count of ${name} is kept as ${n}, and is ${counted}`);
}

interface ContentRow {
  readonly name: string;
  readonly revision: number;
  readonly sha256: string;
  readonly size: number;
  readonly content: Uint8Array;
}
