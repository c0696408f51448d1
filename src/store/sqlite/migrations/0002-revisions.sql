-- What each file was: a row for each revision that is kept. A delete is one too, without a hash.
create table revisions (
  kind text not null check (kind in ('configs', 'assets')),
  name text not null,
  revision integer not null check (revision > 0),
  sha256 text check (length(sha256) = 64),
  size integer check (size >= 0),
  created_at integer not null, -- milliseconds since 1970
  author text,
  message text,
  primary key (kind, name, revision),
  check ((sha256 is null) = (size is null))
) strict, without rowid;

-- Whether a content or a blob is still named is asked at each change.
create index revisions_by_hash on revisions (sha256, kind) where sha256 is not null;

insert into revisions (kind, name, revision, sha256, size, created_at, author)
  select kind, name, revision, sha256, size, changed_at, author from files;

-- The bytes of configs, each content once, as long as a revision names it.
create table contents (
  sha256 text primary key check (length(sha256) = 64),
  content blob not null
) strict;

insert or ignore into contents (sha256, content)
  select sha256, content from config_contents join files on kind = 'configs' and name = mac;

drop table config_contents;
drop index assets_by_hash; -- Blobs are named by revisions now.
