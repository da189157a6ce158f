-- Signing in with others: whose account an identity at a provider opens, and the sign-ins that are under way there. The
-- code before this one goes on beside it.

create table auth.federated_identity (
    identity_id uuid not null,
    user_id uuid not null,
    provider text not null,                 -- the name that it has in the file of providers
    issuer text not null,
    subject text not null,                  -- unique and never given to somebody else, within the issuer alone
    email text,                             -- as the provider last told it, for its owner to recognise it by
    linked_at timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    constraint federated_identity_pkey primary key (identity_id),
    constraint federated_identity_subject_key unique (issuer, subject),
    constraint federated_identity_user_id_fkey
        foreign key (user_id) references auth.account (user_id) on delete cascade
);
create index federated_identity_user_id_idx on auth.federated_identity (user_id, identity_id);

-- Each step of a sign-in that waits for its next one. Taken away by that; retention: ten minutes.
create table auth.federated_flow (
    token_hash bytea not null,              -- sha256 of the state, or of the one-time code, that the step waits for
    sealed bytea not null,                  -- all that is known of it, encrypted
    expires_at timestamptz not null,
    constraint federated_flow_pkey primary key (token_hash),
    constraint federated_flow_token_hash_check check (octet_length(token_hash) = 32)
);
create index federated_flow_expires_at_idx on auth.federated_flow (expires_at);
