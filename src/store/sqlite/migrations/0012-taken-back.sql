-- When something was taken back: remembered for a while, since a broker that is killed may forget that it was. Null: it stands there.
alter table published add column gone_at integer;
