-- What another system was last shown of a device's file, so that it is shown again what differs, and loses what is gone.
create table published (
  mac text not null,
  kind text not null check (kind in ('configs', 'assets')),
  name text not null,
  topic text not null,
  config_digest text not null,
  state_digest text not null,
  primary key (mac, kind, name)
) strict, without rowid;
