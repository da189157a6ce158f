-- Mail: what is to be sent, the links and codes in it, and how much of it an address may be sent. The code before this
-- one goes on beside it.

alter table auth.account add column language text not null default 'en';   -- of mails and pages
alter table auth.account add column new_device_notice boolean not null default true;

-- Work to be done (shared/jobs). Retention: until it is done; 30 days where it failed.
create table auth.job (
    job_id uuid not null,
    kind text not null,
    payload bytea not null,                 -- sealed: it holds addresses, links and codes
    attempts integer not null default 0,
    created_at timestamptz not null default now(),
    due_at timestamptz not null default now(),  -- while somebody has it: when the lease is over
    expires_at timestamptz,
    lease uuid,
    failed_at timestamptz,
    last_error text,
    constraint job_pkey primary key (job_id)
);
create index job_due_at_idx on auth.job (due_at) where failed_at is null;

-- What a mailed link or code stands for. Retention: until it is used or has expired.
create table auth.one_time_token (
    token_hash bytea not null,              -- sha256
    purpose text not null,
    user_id uuid not null,
    email text not null,                    -- the address that it is about
    email_key text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    constraint one_time_token_pkey primary key (token_hash),
    constraint one_time_token_user_id_fkey foreign key (user_id) references auth.account (user_id) on delete cascade,
    constraint one_time_token_token_hash_check check (octet_length(token_hash) = 32)
);
create index one_time_token_user_id_idx on auth.one_time_token (user_id);
create index one_time_token_expires_at_idx on auth.one_time_token (expires_at);
-- An address that was changed away from is nobody else's as long as that can be undone.
create index one_time_token_reserved_idx on auth.one_time_token (email_key) where purpose = 'email_undo';

-- Mails that somebody asked for who needn't be the owner. Retention: a day. No reference, as in login_failure.
create table auth.mail_count (
    subject bytea not null,                 -- a MAC of the address
    mails integer not null,
    window_started_at timestamptz not null default now(),
    constraint mail_count_pkey primary key (subject)
);
create index mail_count_window_started_at_idx on auth.mail_count (window_started_at);
