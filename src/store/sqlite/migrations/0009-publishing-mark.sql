-- What stands on the broker since something was last noted in `published`: where it does not, the broker has lost of that.
create table publishing_mark (
  id integer primary key check (id = 1),
  mark text not null
) strict;
