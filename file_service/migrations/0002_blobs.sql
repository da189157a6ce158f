-- Where bytes lie. A file's are one or more blobs, in order of `start`; blobs never change.
-- A blob is noted here before its bytes are written, with `due_at` in the future, and kept by the transaction that gives
-- it to its holder (a file, an unfinished upload, a picture made of a file): that sets `due_at` to null. Giving it up
-- sets `due_at` to now. So whatever dies in between, a blob that nobody holds is found here, and deleted when it is due.
create table files.blob (
    storage_key text constraint blob_pkey primary key,
    holder_id uuid,
    start bigint not null default 0 constraint blob_start_not_negative check (start >= 0),
    size bigint not null default 0 constraint blob_size_not_negative check (size >= 0),
    sha256 bytea constraint blob_sha256_length check (octet_length(sha256) = 32),
    due_at timestamptz,
    created_at timestamptz not null default now(),
    constraint blob_held_or_due check ((holder_id is null) = (due_at is not null)),
    constraint blob_held_is_known check (holder_id is null or sha256 is not null)
);

create unique index blob_holder_id_start_key on files.blob (holder_id, start) where holder_id is not null;
create index blob_due_at_idx on files.blob (due_at) where due_at is not null;

insert into files.blob (storage_key, holder_id, size, sha256, created_at)
select storage_key, file_id, size, sha256, created_at from files.file;

insert into files.blob (storage_key, due_at)
select storage_key, due_at from files.blob_deletion on conflict do nothing;

alter table files.file drop column storage_key;
drop table files.blob_deletion;

-- What a file is for: what may be in it, and how large it may be (domain/purposes.py).
alter table files.file add column purpose text not null default 'file'
    constraint file_purpose_form check (purpose ~ '^[a-z][a-z0-9_-]{0,31}$');
