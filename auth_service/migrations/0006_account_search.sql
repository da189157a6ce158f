-- no transaction
-- Finds accounts by any part of their address. Every search reads the list of pending entries whole: hence a short one.
create index concurrently if not exists account_email_key_search_idx on auth.account
    using gin (email_key public.gin_trgm_ops) with (gin_pending_list_limit = 64);
