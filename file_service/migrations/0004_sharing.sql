-- A public file is readable by anybody who knows its id. `via` is the upload link by which a stranger sent it.
alter table files.file add column public boolean not null default false, add column via uuid;

-- A link by which one file can be had without an account. It goes with its file.
-- `once`: `spent_at` is set before the first byte of the one download. `attempts` counts wrong passwords since
-- `attempts_since`. Purged 30 days after it has expired or was spent.
create table files.share (
    share_id uuid constraint share_pkey primary key,
    file_id uuid not null constraint share_file_fkey references files.file (file_id) on delete cascade,
    token_digest bytea not null constraint share_token_digest_key unique
        constraint share_token_digest_length check (octet_length(token_digest) = 32),
    password_hash text,
    download_name text constraint share_download_name_length check (octet_length(download_name) between 1 and 255),
    inline boolean not null,
    once boolean not null,
    expires_at timestamptz not null,
    spent_at timestamptz constraint share_spent_if_once check (spent_at is null or once),
    attempts integer not null default 0 constraint share_attempts_not_negative check (attempts >= 0),
    attempts_since timestamptz not null default now(),
    created_at timestamptz not null default now()
);

-- Lists a file's shares, newest first, and finds those that go with it.
create index share_file_id_share_id_idx on files.share (file_id, share_id desc);
create index share_over_at_idx on files.share (least(expires_at, spent_at));

-- A link by which strangers may upload into somebody's files, up to `max_files` and `max_bytes`. Purged 30 days after it
-- has expired; deleted with the account.
create table files.upload_link (
    link_id uuid constraint upload_link_pkey primary key,
    owner_id uuid not null,
    token_digest bytea not null constraint upload_link_token_digest_key unique
        constraint upload_link_token_digest_length check (octet_length(token_digest) = 32),
    purpose text not null,
    note text not null constraint upload_link_note_length check (char_length(note) <= 500),
    max_files integer not null,
    max_bytes bigint not null,
    files integer not null default 0,
    bytes bigint not null default 0,
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    constraint upload_link_files_within check (files between 0 and max_files),
    constraint upload_link_bytes_within check (bytes between 0 and max_bytes)
);

create index upload_link_owner_id_link_id_idx on files.upload_link (owner_id, link_id desc);
create index upload_link_expires_at_idx on files.upload_link (expires_at);
