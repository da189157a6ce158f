-- no transaction
-- What a search walks through in the order of its pages, without a look at the table: names, where there may be matches.
create index concurrently if not exists profile_walk_idx on users.profile (user_id) include (search)
    where visibility = 'public' and search <> '';
