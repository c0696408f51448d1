-- When a file was last announced again to devices that are behind; null: not since its newest revision was announced.
alter table files add column reannounced_at integer; -- milliseconds since 1970
