-- The newest state of every file. A deleted file keeps its row, without a hash, so that its revisions go on.
create table files (
  kind text not null check (kind in ('configs', 'assets')),
  name text not null,
  revision integer not null check (revision > 0),
  sha256 text check (length(sha256) = 64),
  size integer check (size >= 0),
  changed_at integer not null, -- milliseconds since 1970
  author text,
  primary key (kind, name),
  check ((sha256 is null) = (size is null))
) strict, without rowid;

create index assets_by_hash on files (sha256) where kind = 'assets' and sha256 is not null;

-- What a list shows of each config. Apart from the contents, so that a list reads few pages.
create table configs (
  mac text primary key,
  device_name text,
  device_entity_id text,
  enable_ota integer check (enable_ota in (0, 1))
) strict, without rowid;

create table config_contents (
  mac text primary key,
  content blob not null
) strict;

-- Changes that the broker has not acknowledged: one row per file, oldest first.
create table outbox (
  position integer primary key,
  kind text not null check (kind in ('configs', 'assets')),
  subject text not null,
  revision integer not null,
  attempts integer not null default 0,
  not_before integer not null default 0, -- milliseconds since 1970
  committed_at integer not null, -- milliseconds since 1970
  unique (kind, subject)
) strict;

-- Every blob that may lie on disk. `unnamed_since` is null while an asset names it.
create table blobs (
  sha256 text primary key check (length(sha256) = 64),
  unnamed_since integer -- milliseconds since 1970
) strict, without rowid;

create index blobs_unnamed on blobs (unnamed_since) where unnamed_since is not null;

-- Uploads that are about to name a blob. A claim that was left behind ends by itself.
create table claims (
  id integer primary key,
  sha256 text not null,
  expires_at integer not null -- milliseconds since 1970
) strict;

create index claims_by_hash on claims (sha256);

-- Kept, not counted: a metric that is read every few seconds must not scan 100,000 rows.
create table counts (
  name text primary key,
  n integer not null check (n >= 0)
) strict, without rowid;

insert into counts values ('configs', 0), ('assets', 0), ('outbox', 0);

create trigger file_added after insert on files when new.sha256 is not null begin
  update counts set n = n + 1 where name = new.kind;
end;

create trigger file_deleted after update of sha256 on files when old.sha256 is not null and new.sha256 is null begin
  update counts set n = n - 1 where name = new.kind;
end;

create trigger file_restored after update of sha256 on files when old.sha256 is null and new.sha256 is not null begin
  update counts set n = n + 1 where name = new.kind;
end;

create trigger outbox_added after insert on outbox begin
  update counts set n = n + 1 where name = 'outbox';
end;

create trigger outbox_left after delete on outbox begin
  update counts set n = n - 1 where name = 'outbox';
end;
