-- What was taken back longest ago is forgotten first.
create index published_by_gone_at on published (gone_at) where gone_at is not null;

-- What was shown and may be left out the next time: the other system goes on with it until all is taken back.
alter table published add column optional text not null default '';
update published set optional = 'installed_version' || coalesce(
  (select iif(devices.name is null, '', ' name') || iif(model is null, '', ' model')
   from devices where devices.mac = published.mac), '');
