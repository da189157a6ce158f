-- While a row is in force nothing is deleted from storage: a backup copies what its snapshot names. Whoever dies stops
-- renewing, and holds nothing up for long.
create table files.collection_hold (
    holder text constraint collection_hold_pkey primary key,
    until timestamptz not null
);
