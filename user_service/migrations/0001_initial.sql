-- Whom people see. auth_service owns the accounts; this schema learns of them from its feed, or from a first request.

-- A deleted account leaves its row as an empty tombstone, in the same table on purpose: the primary key then decides
-- between a deletion and a late request that would create the profile again, whichever comes first.
create table users.profile (
    user_id uuid constraint profile_pkey primary key,
    display_name text not null default '' constraint profile_display_name_length check (length(display_name) <= 80),
    bio text not null default '' constraint profile_bio_length check (length(bio) <= 2000),
    visibility text not null default 'public'
        constraint profile_visibility_known check (visibility in ('public', 'private')),
    search text not null default '', -- the display name as search compares it; folded by the application
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    version integer not null default 1,
    deleted_at timestamptz,
    constraint profile_tombstone_is_empty
        check (deleted_at is null or (display_name = '' and bio = '' and search = '' and visibility = 'private'))
);

-- Only what search may show is in the index at all.
create index profile_search_idx on users.profile using gin (search public.gin_trgm_ops)
    where visibility = 'public' and search <> '';

create index profile_deleted_at_idx on users.profile (deleted_at) where deleted_at is not null;

-- How far each feed has been followed; written in the transaction of the effect.
create table users.event_cursor (
    feed text constraint event_cursor_pkey primary key,
    epoch uuid not null,
    position bigint not null
);
