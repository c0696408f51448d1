-- An announcement may be for one device alone, and one for all who use a file may be out to some of them.
create table new_outbox (
  position integer primary key,
  kind text not null check (kind in ('configs', 'assets')),
  subject text not null,
  device text not null default '', -- the MAC of the only one that it is for
  revision integer not null,
  attempts integer not null default 0,
  not_before integer not null default 0, -- milliseconds since 1970
  committed_at integer not null, -- milliseconds since 1970
  told_to text, -- how far it was when it was put to rest
  unique (kind, subject, device)
) strict;

insert into new_outbox (position, kind, subject, revision, attempts, not_before, committed_at)
  select position, kind, subject, revision, attempts, not_before, committed_at from outbox;
drop table outbox;
alter table new_outbox rename to outbox;

create trigger outbox_added after insert on outbox begin
  update counts set n = n + 1 where name = 'outbox';
end;

create trigger outbox_left after delete on outbox begin
  update counts set n = n - 1 where name = 'outbox';
end;

-- Who uses a file is read page by page, while others are told.
create index pickups_by_user on pickups (kind, name, mac);
