-- What a device said of itself when it last checked in.
alter table devices add column rssi integer; -- dBm
alter table devices add column free_heap integer; -- bytes
alter table devices add column reported_at integer; -- milliseconds since 1970
