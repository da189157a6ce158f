-- What the virus scanner said of a file (domain/verdicts.py); `threat` is its name for what it found, at `checked_at`.
alter table files.file
    add column verdict text not null default 'none'
        constraint file_verdict_known check (verdict in ('none', 'pending', 'clean', 'infected', 'skipped')),
    add column threat text not null default '' constraint file_threat_length check (length(threat) <= 200),
    add column checked_at timestamptz;

create index file_infected_idx on files.file (checked_at) where verdict = 'infected';

-- Work to be done (shared/jobs). Retention: until it is done; 30 days where it failed.
create table files.job (
    job_id uuid not null,
    kind text not null,
    payload bytea not null,
    attempts integer not null default 0,
    created_at timestamptz not null default now(),
    due_at timestamptz not null default now(),
    expires_at timestamptz,
    lease uuid,
    failed_at timestamptz,
    last_error text,
    constraint job_pkey primary key (job_id)
);
create index job_due_at_idx on files.job (due_at) where failed_at is null;
