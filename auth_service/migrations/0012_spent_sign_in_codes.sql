-- Codes that apps have fetched their session with: a second use of one ends that session. The code before this one goes on
-- beside it: what it begins can't be found by its code.

-- Retention: half an hour, which is longer than a sign-in may wait for its second factor.
create table auth.spent_sign_in_code (
    code_hash bytea not null,               -- sha256
    challenge text not null,                -- whoever can't answer it is refused, and ends nothing
    session_id uuid,                        -- null: none has begun yet. No reference: a session may go before
    expires_at timestamptz not null,
    constraint spent_sign_in_code_pkey primary key (code_hash),
    constraint spent_sign_in_code_code_hash_check check (octet_length(code_hash) = 32)
);
create index spent_sign_in_code_expires_at_idx on auth.spent_sign_in_code (expires_at);

alter table auth.pending_sign_in add column code_hash bytea;    -- of the app's code that it began with; null: with none
