-- no transaction
-- Finds the few open uploads that are to be ended or finished, past all those of the last day that are over.
create index concurrently if not exists upload_open_expires_at_idx on files.upload (expires_at) where state = 'open';
