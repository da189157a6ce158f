-- Resumable uploads. What is reserved counts against the quota as stored bytes do; it is the sum of what the owner's open
-- uploads have reserved.
alter table files.owner add column reserved bigint not null default 0
    constraint owner_reserved_not_negative check (reserved >= 0);

-- An upload's id is the id of the file that it becomes, and its blobs are held under it from the start. `received` bytes are
-- durable. Each writer raises `fence` and may add bytes only while it is still the one that it has set: so the latest
-- writer wins at once, and one that died holds nothing up. `head` is what the type is told from.
-- An open upload ends at `expires_at`; a finished one, or one that is gone, is remembered until then.
create table files.upload (
    upload_id uuid constraint upload_pkey primary key,
    token_hash bytea not null constraint upload_token_hash_key unique
        constraint upload_token_hash_length check (octet_length(token_hash) = 32),
    owner_id uuid not null constraint upload_owner_fkey references files.owner (owner_id),
    name text not null constraint upload_name_length check (octet_length(name) between 1 and 255),
    declared_type text not null,
    purpose text not null,
    metadata text not null constraint upload_metadata_length check (octet_length(metadata) <= 4096),
    kind text not null constraint upload_kind_known check (kind in ('whole', 'partial', 'final')),
    state text not null default 'open' constraint upload_state_known check (state in ('open', 'finished', 'gone')),
    length bigint constraint upload_length_not_negative check (length >= 0),
    received bigint not null default 0 constraint upload_received_in_length check (received between 0 and length),
    reserved bigint not null default 0 constraint upload_reserved_not_negative check (reserved >= 0),
    pieces integer not null default 0,
    fence bigint not null default 0,
    head bytea not null default '',
    expires_at timestamptz not null,
    created_at timestamptz not null default now(),
    constraint upload_reserves_while_open check (state = 'open' or reserved = 0)
);

create index upload_expires_at_idx on files.upload (expires_at);
create index upload_owner_id_state_idx on files.upload (owner_id, state);
