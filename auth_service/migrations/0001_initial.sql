-- Accounts, sessions, signing keys, and the events that other programs follow.
-- Runs as the schema's owner; the runtime role gets its rights by default privileges.

create table auth.account (
    user_id uuid not null,
    email text not null,                    -- as written; where mail goes
    email_key text not null,                -- the form that uniqueness is judged on
    password_hash text not null,
    created_at timestamptz not null default now(),
    password_changed_at timestamptz not null default now(),
    constraint account_pkey primary key (user_id),
    constraint account_email_key unique (email_key)
);

-- Retention: 30 days after its end. Events tell of ended sessions, so that nobody needs the row of a deleted account.
create table auth.session (
    session_id uuid not null,
    user_id uuid not null,
    secret_hash bytea not null,             -- sha256 of the current refresh token's secret
    generation integer not null default 1,
    confirmed_generation integer not null default 0,
    created_at timestamptz not null default now(),
    rotated_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    window_started_at timestamptz not null default now(),
    window_count integer not null default 0, -- refreshes since window_started_at
    user_agent text not null,
    address_prefix text not null,
    amr text[] not null,
    revoked_at timestamptz,
    revoked_reason text,
    -- When it ends by itself. Indexed in place of last_used_at, and by the day: a refresh then touches no index.
    expires_on date not null generated always as (
        least((last_used_at at time zone 'UTC')::date + 30, (created_at at time zone 'UTC')::date + 90)
    ) stored,
    constraint session_pkey primary key (session_id),
    constraint session_user_id_fkey foreign key (user_id) references auth.account (user_id) on delete cascade,
    constraint session_secret_hash_check check (octet_length(secret_hash) = 32),
    constraint session_revoked_check check ((revoked_at is null) = (revoked_reason is null))
);
create index session_user_id_idx on auth.session (user_id, session_id);
create index session_revoked_at_idx on auth.session (revoked_at) where revoked_at is not null;
create index session_expires_on_idx on auth.session (expires_on);

-- Wrong passwords. Retention: a day. No reference to an account: addresses without one are counted alike.
create table auth.login_failure (
    subject bytea not null,                 -- a MAC of the address
    bucket bytea not null,                  -- empty for all strangers, else the known device
    failures integer not null,
    window_started_at timestamptz not null default now(),
    constraint login_failure_pkey primary key (subject, bucket)
);
create index login_failure_window_started_at_idx on auth.login_failure (window_started_at);

-- Devices that signed in successfully. Retention: 180 days after the last time.
create table auth.known_device (
    user_id uuid not null,
    fingerprint bytea not null,
    last_seen_at timestamptz not null default now(),
    constraint known_device_pkey primary key (user_id, fingerprint),
    constraint known_device_user_id_fkey foreign key (user_id) references auth.account (user_id) on delete cascade
);
create index known_device_last_seen_at_idx on auth.known_device (last_seen_at);

create table auth.signing_key (
    kid text not null,
    public_jwk jsonb not null,
    private_key bytea not null,             -- nonce and AES-256-GCM of the PKCS #8 form; kid is associated data
    created_at timestamptz not null default now(),
    signs_from timestamptz not null default now(),  -- published before: verifiers must know it by then
    verifies_until timestamptz,             -- null while it may sign
    constraint signing_key_pkey primary key (kid)
);

-- What happened, in an order that readers may rely on. Retention: 30 days.
create table auth.event (
    id bigserial not null,                  -- drawn under a lock: the order of commits
    event_id uuid not null,
    type text not null,
    subject text not null,
    time timestamptz not null default now(),
    data jsonb not null,
    constraint event_pkey primary key (id)
);
create index event_time_idx on auth.event (time);

-- Names this history of events; a restored copy gets another, so that readers start afresh.
create table auth.event_epoch (
    epoch uuid not null,
    horizon bigint not null default 0,      -- events up to here are purged
    constraint event_epoch_pkey primary key (epoch)
);
create unique index event_epoch_single_idx on auth.event_epoch ((true));
insert into auth.event_epoch (epoch) values (gen_random_uuid());
