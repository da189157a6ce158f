-- Second factors: one-time codes by the clock, recovery codes, passkeys; and sign-ins that wait for one. The code before
-- this one goes on beside it: it knows none of them, so an account gets its first only once the new code serves alone.

-- A step-up gives a browser another cookie; the one before is good for a moment yet, as its answer may cross others.
alter table auth.session add column replaced_hash bytea;      -- sha256 of the cookie before
alter table auth.session add column replaced_at timestamptz;

create table auth.totp (
    user_id uuid not null,
    secret bytea not null,                  -- sealed under a label that names the account
    created_at timestamptz not null default now(),
    confirmed_at timestamptz,               -- null: enrolled, and no code of it was shown yet; it counts for nothing
    last_used_step bigint,                  -- of 30 seconds since 1970: no code of this step or before is good again
    last_used_at timestamptz,
    constraint totp_pkey primary key (user_id),
    constraint totp_user_id_fkey foreign key (user_id) references auth.account (user_id) on delete cascade
);

-- Ten at most per account; a used one is deleted.
create table auth.recovery_code (
    user_id uuid not null,
    code_hash bytea not null,               -- sha256: 120 random bits need no slow hash
    created_at timestamptz not null default now(),
    constraint recovery_code_pkey primary key (user_id, code_hash),
    constraint recovery_code_user_id_fkey foreign key (user_id) references auth.account (user_id) on delete cascade,
    constraint recovery_code_code_hash_check check (octet_length(code_hash) = 32)
);

-- Bounded per account by the code.
create table auth.passkey (
    passkey_id uuid not null,
    user_id uuid not null,
    credential_id bytea not null,           -- as the authenticator named it
    public_key bytea not null,              -- a COSE key
    sign_count bigint not null,
    transports text[] not null,
    synced boolean not null,                -- may be copied to its owner's other devices
    verifies boolean not null,              -- asked its owner for a PIN or a finger as it was made: it can sign in alone
    name text not null,
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    constraint passkey_pkey primary key (passkey_id),
    constraint passkey_credential_id_key unique (credential_id),
    constraint passkey_user_id_fkey foreign key (user_id) references auth.account (user_id) on delete cascade,
    constraint passkey_credential_id_check check (octet_length(credential_id) between 1 and 1023)
);
create index passkey_user_id_idx on auth.passkey (user_id, passkey_id);

-- Challenges that were answered. Retention: until they would have expired.
create table auth.spent_challenge (
    challenge_hash bytea not null,          -- sha256
    expires_at timestamptz not null,
    constraint spent_challenge_pkey primary key (challenge_hash)
);
create index spent_challenge_expires_at_idx on auth.spent_challenge (expires_at);

-- Who has shown one factor and owes the second. Retention: ten minutes.
create table auth.pending_sign_in (
    token_hash bytea not null,              -- sha256: the token has 256 random bits
    user_id uuid not null,
    methods text[] not null,                -- what was proved, as in auth.session.amr
    proved_mark bytea not null,             -- of the password as it was then; another password voids what was proved
    kind text not null,
    address_prefix text not null,
    guesses integer not null default 0,
    expires_at timestamptz not null,
    constraint pending_sign_in_pkey primary key (token_hash),
    constraint pending_sign_in_user_id_fkey foreign key (user_id) references auth.account (user_id) on delete cascade,
    constraint pending_sign_in_kind_check check (kind in ('token', 'browser'))
);
create index pending_sign_in_user_id_idx on auth.pending_sign_in (user_id);
create index pending_sign_in_expires_at_idx on auth.pending_sign_in (expires_at);
