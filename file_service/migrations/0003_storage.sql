create table files.collection_hold (
    holder text constraint collection_hold_pkey primary key,
    until timestamptz not null
);
