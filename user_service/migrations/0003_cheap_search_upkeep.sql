-- Every search reads the trigram index's list of pending entries whole: let it be 64 kB, where it may be 4 MB otherwise.
alter index users.profile_search_idx set (gin_pending_list_limit = 64);
select gin_clean_pending_list('users.profile_search_idx');

-- Room on each page for a new version of a row, so that a change of what no index holds touches no index.
alter table users.profile set (fillfactor = 90);
