-- The newest revision whose announcement the broker has acknowledged, and when: what devices were told.
alter table files add column announced_revision integer;
alter table files add column announced_at integer; -- milliseconds since 1970

-- Every device that was ever here, and what operators call it.
create table devices (
  mac text primary key,
  name text,
  model text,
  chip text,
  labels text not null default '{}' check (json_valid(labels)),
  address text,
  last_seen_at integer, -- milliseconds since 1970
  longest_absence_ms integer,
  patience_ms integer not null,
  -- Whether it has asked for a config that there is not, and has fetched nothing: such a device may be anybody's word.
  is_unknown integer not null check (is_unknown in (0, 1))
) strict, without rowid;

create index devices_by_address on devices (address, last_seen_at) where address is not null;
create index devices_unknown on devices (last_seen_at) where is_unknown = 1;

-- What was seen of each device and file, and how it was judged when it was last looked at.
create table pickups (
  mac text not null,
  kind text not null check (kind in ('configs', 'assets')),
  name text not null,
  evidence text not null check (json_valid(evidence)),
  fetched_revision integer,
  fetched_at integer, -- milliseconds since 1970
  state text not null,
  since integer not null, -- milliseconds since 1970
  until integer, -- when the judgement is to be made anew
  judged_revision integer not null, -- the newest one at that time
  primary key (mac, kind, name)
) strict, without rowid;

create index pickups_by_file on pickups (kind, name, fetched_revision);
create index pickups_by_state on pickups (state, mac); -- Few devices are in the states that operators look for.
create index pickups_due on pickups (until) where until is not null;

-- How much is fetched, by hour.
create table fetches_by_hour (
  hour integer not null, -- hours since 1970
  kind text not null check (kind in ('configs', 'assets')),
  status integer not null,
  n integer not null,
  primary key (hour, kind, status)
) strict, without rowid;

-- A device that has a config is one of the fleet, whether it was ever here or not.
insert into devices (mac, patience_ms, is_unknown)
  select name, 0, 0 from files where kind = 'configs' and sha256 is not null;
insert into pickups (mac, kind, name, evidence, state, since, judged_revision)
  select name, kind, name, 'null', 'waiting', changed_at, 0 from files where kind = 'configs' and sha256 is not null;
