-- API keys, and sessions that a browser holds by a cookie. The code before this one goes on beside it: it makes and
-- knows sessions of kind 'token' alone, and nothing of it can show a browser's secret.

alter table auth.session add column kind text not null default 'token';
-- Not validated: no row can break it yet, and the scan would hold up every refresh.
alter table auth.session add constraint session_kind_check check (kind in ('token', 'browser')) not valid;
comment on column auth.session.secret_hash is
    'sha256 of the current refresh token''s secret, or of the whole cookie of a browser''s session';

-- Retention: 30 days after it has expired; deleted when it is revoked. Bounded per account by the code.
create table auth.api_key (
    api_key_id uuid not null,
    user_id uuid not null,
    secret_hash bytea not null,             -- sha256 of the whole key
    hint text not null,                     -- how the key begins, for its owner to recognise it
    name text not null,
    scopes text[] not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    last_used_at timestamptz,               -- to some minutes
    constraint api_key_pkey primary key (api_key_id),
    constraint api_key_secret_hash_key unique (secret_hash),
    constraint api_key_user_id_fkey foreign key (user_id) references auth.account (user_id) on delete cascade,
    constraint api_key_secret_hash_check check (octet_length(secret_hash) = 32)
);
create index api_key_user_id_idx on auth.api_key (user_id, api_key_id);
create index api_key_expires_at_idx on auth.api_key (expires_at) where expires_at is not null;
