-- A config's revision holds its own bytes. Apart, each content once, they cost a save more pages than they spared: one
-- in the table, one in its index, one in that of revisions, each at a place as random as a hash; and as much again when
-- an old revision is forgotten. By rowid, so that what is saved together stands together, in pages that are full.
create table new_revisions (
  kind text not null check (kind in ('configs', 'assets')),
  name text not null,
  revision integer not null check (revision > 0),
  sha256 text check (length(sha256) = 64),
  size integer check (size >= 0),
  created_at integer not null, -- milliseconds since 1970
  author text,
  message text,
  content blob, -- Last, so that the rest is read without it.
  unique (kind, name, revision),
  check ((sha256 is null) = (size is null)),
  check ((content is null) = (kind = 'assets' or sha256 is null))
) strict;

insert into new_revisions
  select kind, name, revision, revisions.sha256, size, created_at, author, message, content
  from revisions left join contents on kind = 'configs' and contents.sha256 = revisions.sha256;

drop table contents;
drop table revisions;
alter table new_revisions rename to revisions;

-- Whether a blob is still named is asked at each change of an asset.
create index revisions_by_blob on revisions (sha256) where kind = 'assets' and sha256 is not null;
