-- A search reads the trigram index's whole list of pending entries, up to 4 MB of them; a change of a name, which is
-- rarer, pays for its own entries instead.
alter index users.profile_search_idx set (fastupdate = off);
select gin_clean_pending_list('users.profile_search_idx');

-- Room on each page for a new version of a row, so that a change of what no index holds touches no index.
alter table users.profile set (fillfactor = 90);
