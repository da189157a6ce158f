-- no transaction
-- An account's sessions are counted whenever one begins: without those that were ended, of which there may be many.
create index concurrently if not exists session_live_idx on auth.session (user_id, session_id) where revoked_at is null;
