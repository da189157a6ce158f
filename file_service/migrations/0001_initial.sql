-- Who owns files. The row serialises an owner's uploads: it is what the quota is settled on. Deleting the account sets
-- `deleted_at`, which keeps an assertion that was signed before from bringing files back; such rows are purged after
-- 30 days, long after the last assertion has expired.
create table files.owner (
    owner_id uuid constraint owner_pkey primary key,
    bytes bigint not null constraint owner_bytes_not_negative check (bytes >= 0),
    deleted_at timestamptz,
    constraint owner_deleted_holds_nothing check (deleted_at is null or bytes = 0)
);

create index owner_deleted_at_idx on files.owner (deleted_at) where deleted_at is not null;

create table files.file (
    file_id uuid constraint file_pkey primary key,
    owner_id uuid not null constraint file_owner_fkey references files.owner (owner_id),
    name text not null constraint file_name_length check (octet_length(name) between 1 and 255),
    size bigint not null constraint file_size_not_negative check (size >= 0),
    content_type text not null,
    sha256 bytea not null constraint file_sha256_length check (octet_length(sha256) = 32),
    storage_key text not null constraint file_storage_key_key unique,
    created_at timestamptz not null default now()
);

-- Lists an owner's files, newest first: ids are UUIDv7.
create index file_owner_id_file_id_idx on files.file (owner_id, file_id desc);

-- Blobs to delete from storage at `due_at`. A key is written here before its blob is, and taken out by the transaction
-- that writes the file's row: whatever dies in between, the blob is found here.
create table files.blob_deletion (
    storage_key text constraint blob_deletion_pkey primary key,
    due_at timestamptz not null default now()
);

create index blob_deletion_due_at_idx on files.blob_deletion (due_at);

-- How far each followed feed has been applied.
create table files.event_cursor (
    feed text constraint event_cursor_pkey primary key,
    epoch uuid not null,
    position bigint not null
);

-- Answers kept for repeated requests; purged after 24 hours.
create table files.idempotency (
    key_hash bytea constraint idempotency_pkey primary key,
    fingerprint bytea not null,
    answer jsonb not null,
    created_at timestamptz not null default now()
);

create index idempotency_created_at_idx on files.idempotency (created_at);
