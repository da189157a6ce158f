-- What every further way of signing in needs: accounts without a password, roles, what is known of the address, when a
-- session was last proved, and a record of all of it. The code before this one goes on beside it.

alter table auth.account alter column password_hash drop not null;  -- null: it has none, and none is right
alter table auth.account add column roles text[] not null default '{}';
alter table auth.account add column email_verified_at timestamptz;  -- null: nobody has shown to receive its mail
alter table auth.session add column authenticated_at timestamptz;   -- null: when it began

-- Who did what, when and from where. No references: it outlives what it tells of.
create table auth.audit_entry (
    audit_entry_id uuid not null,
    at timestamptz not null default now(),
    action text not null,
    user_id uuid,                           -- whose account it was about
    actor_id uuid,                          -- who did it; null for nobody who was signed in
    session_id uuid,
    address_prefix text not null,
    user_agent text not null,
    details jsonb not null,
    constraint audit_entry_pkey primary key (audit_entry_id)
);
create index audit_entry_user_id_idx on auth.audit_entry (user_id, audit_entry_id);
