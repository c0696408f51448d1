-- What was taken back longest ago is forgotten first.
create index published_by_gone_at on published (gone_at) where gone_at is not null;
