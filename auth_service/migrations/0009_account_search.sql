-- no transaction
-- Finds accounts by any part of their address. A row of it costs a registration about a quarter of a millisecond.
create index concurrently if not exists account_email_key_search_idx on auth.account
    using gin (email_key public.gin_trgm_ops);
