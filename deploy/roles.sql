-- One service's roles and schema. Run by a superuser connected to the product's database, any number of times,
-- after these have been set with set_config: colonnade.schema, colonnade.owner_password, colonnade.runtime_password.
--
-- <schema>_owner owns the schema and migrates it. <schema>_runtime serves requests: it reads and writes rows, and
-- can neither change a table nor see another service's schema.

-- Two set-ups at once would race for the same catalogue rows.
select pg_advisory_xact_lock(hashtext('colonnade roles'));

create extension if not exists pg_trgm with schema public;
revoke create on schema public from public;

do $$
declare
    service_schema constant text := current_setting('colonnade.schema');
    owner_role constant text := service_schema || '_owner';
    runtime_role constant text := service_schema || '_runtime';
    harmless constant text := 'login nosuperuser nocreatedb nocreaterole noreplication nobypassrls';
begin
    if not exists (select from pg_roles where rolname = owner_role) then
        execute format('create role %I', owner_role);
    end if;
    if not exists (select from pg_roles where rolname = runtime_role) then
        execute format('create role %I', runtime_role);
    end if;
    execute format('alter role %I with ' || harmless || ' password %L', owner_role,
                   current_setting('colonnade.owner_password'));
    execute format('alter role %I with ' || harmless || ' password %L', runtime_role,
                   current_setting('colonnade.runtime_password'));

    -- A migration gives up its place in the queue for a lock rather than stop all traffic behind it: well before
    -- those who wait behind it give up, or they would fail for it.
    execute format('alter role %I set lock_timeout = %L', owner_role, '1s');
    execute format('alter role %I set statement_timeout = %L', runtime_role, '5s');
    execute format('alter role %I set lock_timeout = %L', runtime_role, '2s');
    execute format('alter role %I set idle_in_transaction_session_timeout = %L', runtime_role, '10s');

    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to %I, %I', current_database(), owner_role, runtime_role);

    execute format('create schema if not exists %I authorization %I', service_schema, owner_role);
    execute format('revoke all on schema %I from public', service_schema);
    execute format('grant usage on schema %I to %I', service_schema, runtime_role);
    execute format('alter default privileges for role %I in schema %I '
                   'grant select, insert, update, delete on tables to %I', owner_role, service_schema, runtime_role);
    execute format('alter default privileges for role %I in schema %I '
                   'grant usage, select on sequences to %I', owner_role, service_schema, runtime_role);
end
$$;
