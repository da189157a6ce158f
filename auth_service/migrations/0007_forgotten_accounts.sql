-- What the audit log keeps of somebody whose account is deleted: that something happened to that id, and when; not from
-- where. It runs as the owner, so that the running service needs no right to change entries, and it believes nothing that
-- its caller could set: entries of an account that is there stay as they are.
create function auth.forget_in_audit_log(person uuid) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    update auth.audit_entry set address_prefix = '', user_agent = ''
    where user_id = person and (actor_id is null or actor_id = person)
      and not exists (select from auth.account where user_id = person)
$$;
revoke all on function auth.forget_in_audit_log(uuid) from public;

-- Whoever may write entries, by whatever name.
do $$
declare
    grantee oid;
begin
    for grantee in
        select distinct granted.grantee
        from pg_class as log cross join aclexplode(log.relacl) as granted
        where log.oid = 'auth.audit_entry'::regclass and granted.privilege_type = 'INSERT'
          and granted.grantee not in (0, log.relowner)
    loop
        execute format('grant execute on function auth.forget_in_audit_log(uuid) to %I', pg_get_userbyid(grantee));
    end loop;
end
$$;
