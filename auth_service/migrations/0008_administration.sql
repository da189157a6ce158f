-- Bans, administrators, and an audit log that the running service can add to and nothing else. The code before this one
-- goes on beside it: it asks no bans, so that one which is made meanwhile holds once the new code serves alone.

alter table auth.account add column banned_at timestamptz;      -- null: not banned
alter table auth.account add column banned_until timestamptz;   -- null: for good
alter table auth.account add column ban_reason text;            -- told to the person
-- Not validated: no row can break it yet, and the scan would hold up every sign-in.
alter table auth.account add constraint account_ban_check check (
    (banned_at is null) = (ban_reason is null) and (banned_at is not null or banned_until is null)
) not valid;

-- What administrators look for where it is rare; where it isn't, a walk from the newest account on finds it soon.
create index account_banned_idx on auth.account (user_id) where banned_at is not null;
create index account_unverified_idx on auth.account (user_id) where email_verified_at is null;
create index account_roles_idx on auth.account using gin (roles) where roles <> '{}';

-- There is an administrator who can act, once there was one: whoever takes the role from the last, bans or deletes them is
-- refused. The lock makes those who do it at once wait for each other, and read what the other has left.
create function auth.keep_an_administrator() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(hashtext('auth.administrator'));
    if not exists (
        select from auth.account
        where roles <> '{}' and roles @> array['admin'] and user_id <> old.user_id
          and (banned_at is null or banned_until <= now())
    ) then
        raise exception 'nobody else is an administrator'
            using errcode = 'check_violation', constraint = 'account_administrator_check';
    end if;
    return coalesce(new, old);
end
$$;
create trigger account_administrator_changes before update of roles, banned_at on auth.account for each row
    when ('admin' = any (old.roles) and (
        not 'admin' = any (new.roles) or (new.banned_at is not null and new.banned_at is distinct from old.banned_at)
    ))
    execute function auth.keep_an_administrator();
create trigger account_administrator_goes before delete on auth.account for each row
    when ('admin' = any (old.roles)) execute function auth.keep_an_administrator();

-- Whether the audit log has told of this window's wrong guesses: 0 no, 1 of the first, 2 of the last one allowed.
alter table auth.login_failure add column told smallint not null default 0;

-- The ways in which the log is searched, beside whose account it was.
create index audit_entry_actor_id_idx on auth.audit_entry (actor_id, audit_entry_id);
create index audit_entry_action_idx on auth.audit_entry (action, audit_entry_id);
create index audit_entry_address_prefix_idx on auth.audit_entry (address_prefix, audit_entry_id);

-- For how long entries are kept. The schema's owner changes it; the running service reads it.
create table auth.audit_retention (
    days integer not null default 400,
    constraint audit_retention_days_check check (days between 1 and 36500)
);
create unique index audit_retention_single_idx on auth.audit_retention ((true));
insert into auth.audit_retention default values;

-- The one way in which entries go. It runs as the owner, and believes nothing that its caller could set: of the oldest
-- entries, at most `most`, it deletes those whose time is over.
create function auth.purge_audit_entries(most integer) returns setof uuid
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    delete from auth.audit_entry where audit_entry_id in (
        select audit_entry_id
        from (
            select audit_entry_id, at from auth.audit_entry order by audit_entry_id limit least(most, 10000)
        ) as oldest
        where at < now() - make_interval(days => (select days from auth.audit_retention))
    )
    returning audit_entry_id
$$;
revoke all on function auth.purge_audit_entries(integer) from public;

-- Whoever the default privileges let in, by whatever name: they may read and add.
do $$
declare
    grantee text;
begin
    for grantee in
        select distinct case when granted.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(granted.grantee)) end
        from pg_class as log cross join aclexplode(log.relacl) as granted
        where log.oid = 'auth.audit_entry'::regclass and granted.grantee <> log.relowner
    loop
        execute format('revoke update, delete, truncate, references, trigger on auth.audit_entry from %s cascade', grantee);
        execute format('revoke insert, update, delete, truncate, references, trigger on auth.audit_retention from %s cascade',
                       grantee);
        if grantee <> 'public' then
            execute format('grant execute on function auth.purge_audit_entries(integer) to %s', grantee);
        end if;
    end loop;
end
$$;
