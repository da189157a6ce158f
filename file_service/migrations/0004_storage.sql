-- Whoever needs the storage to stand still, as a backup that copies it, says until when: while a row is in force, nothing
-- is deleted from storage. Inserting one waits for deletions under way (repository/holds.py). Purged once it has passed.
create table files.collection_hold (
    holder text constraint collection_hold_pkey primary key,
    until timestamptz not null
);

-- When the storage was last looked through in the background: one row, by which replicas agree on who does it.
create table files.scrub (
    only_one boolean constraint scrub_pkey primary key default true constraint scrub_only_one check (only_one),
    begun_at timestamptz not null,
    finished_at timestamptz
);
