-- What the bytes of an asset say of themselves, as JSON: read at the upload, or when it is first asked for. As long as its blob.
create table readings (
  sha256 text primary key check (length(sha256) = 64),
  reading text not null check (json_valid(reading))
) strict, without rowid;
