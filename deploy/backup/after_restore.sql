-- What has to change in a database that shows an earlier moment than its clients and followers remember. Runs once, in
-- one transaction, before anybody can connect to it.

-- Another history of events: whoever followed the old one compares with a snapshot, and goes on from there.
update auth.event_epoch set epoch = gen_random_uuid();

-- Mails that waited at that moment have most likely been sent since: rather one too few than one twice. Whoever misses
-- one asks again. A registration that waited is done again, as its account is gone otherwise.
delete from auth.job where kind in ('mail', 'mail_request') and failed_at is null;
update auth.job set lease = null, due_at = now() where failed_at is null;

-- Sign-ins that waited for their next step, and mailed links and codes: used ones would be good again. What undoes a
-- change of address stays, as that change is back too.
delete from auth.pending_sign_in;
delete from auth.federated_flow;
delete from auth.one_time_token where purpose <> 'email_undo';

-- A one-time code that was used since would be good again for a moment.
update auth.totp set last_used_step = greatest(last_used_step, extract(epoch from now())::bigint / 30 + 1)
where confirmed_at is not null;

-- A link that is good for one download may have had it. A dump of an older release has no links at all.
do $$
begin
    if to_regclass('files.share') is not null then
        update files.share set expires_at = now() where once and spent_at is null and expires_at > now();
    end if;
end
$$;

-- Unfinished uploads go on from where they were, so whoever sends them gets a day to come back.
do $$
begin
    if to_regclass('files.upload') is not null then
        update files.upload set expires_at = greatest(expires_at, now() + interval '24 hours') where state = 'open';
    end if;
end
$$;

-- Nothing is copied from here on.
delete from files.collection_hold;
