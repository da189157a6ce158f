"""SQL of all that this schema knows of a person and may tell them. Secrets, and what stands for them, stay here."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from shared.db import Database
from shared.ids import LOWEST

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Section:
    """One file of the export. `sql` takes the person, the id to go on behind, how many; it gives `key`, `document`."""

    file: str
    sql: str


SECTIONS = (
    Section(
        "account.json",
        """
        select user_id as key, json_build_object(
            'id', user_id, 'email', email, 'email_key', email_key, 'email_verified_at', email_verified_at,
            'roles', roles, 'created_at', created_at,
            'banned_at', banned_at, 'banned_until', banned_until, 'ban_reason', ban_reason,
            'language', language, 'new_device_notice', new_device_notice,
            'links_on_their_way', (
                select coalesce(json_agg(json_build_object(
                    'purpose', o.purpose, 'email', o.email, 'email_key', o.email_key, 'created_at', o.created_at,
                    'expires_at', o.expires_at
                ) order by o.created_at), '[]')
                from auth.one_time_token o where o.user_id = a.user_id
            ),
            'password_changed_at', case when password_hash is not null then password_changed_at end,
            'known_devices', (
                select coalesce(json_agg(d.last_seen_at order by d.last_seen_at), '[]')
                from auth.known_device d where d.user_id = a.user_id
            )
        ) as document
        from auth.account a where user_id = $1 and user_id > $2 limit $3
        """,
    ),
    Section(
        "sessions.json",
        """
        select session_id as key, json_build_object(
            'id', session_id, 'kind', kind, 'methods', amr, 'user_agent', user_agent,
            'address_prefix', address_prefix, 'created_at', created_at, 'authenticated_at', authenticated_at,
            'last_used_at', last_used_at, 'refreshed_at', rotated_at, 'generation', generation,
            'expires_on', expires_on, 'revoked_at', revoked_at, 'revoked_reason', revoked_reason
        ) as document
        from auth.session where user_id = $1 and session_id > $2 order by session_id limit $3
        """,
    ),
    Section(
        "api_keys.json",
        """
        select api_key_id as key, json_build_object(
            'id', api_key_id, 'hint', hint, 'name', name, 'scopes', scopes, 'created_at', created_at,
            'expires_at', expires_at, 'last_used_at', last_used_at
        ) as document
        from auth.api_key where user_id = $1 and api_key_id > $2 order by api_key_id limit $3
        """,
    ),
    Section(
        "second_factors.json",
        """
        select user_id as key, json_build_object(
            'totp', (
                select json_build_object(
                    'created_at', t.created_at, 'confirmed_at', t.confirmed_at, 'last_used_at', t.last_used_at
                ) from auth.totp t where t.user_id = a.user_id
            ),
            'recovery_codes', (
                select coalesce(json_agg(json_build_object('created_at', r.created_at)), '[]')
                from auth.recovery_code r where r.user_id = a.user_id
            )
        ) as document
        from auth.account a where user_id = $1 and user_id > $2 limit $3
        """,
    ),
    Section(
        "passkeys.json",
        """
        select passkey_id as key, json_build_object(
            'id', passkey_id, 'credential_id', encode(credential_id, 'base64'),
            'public_key', encode(public_key, 'base64'), 'sign_count', sign_count, 'transports', transports,
            'synced', synced, 'verifies', verifies, 'name', name, 'created_at', created_at, 'last_used_at', last_used_at
        ) as document
        from auth.passkey where user_id = $1 and passkey_id > $2 order by passkey_id limit $3
        """,
    ),
    Section(
        "linked_accounts.json",
        """
        select identity_id as key, json_build_object(
            'id', identity_id, 'provider', provider, 'issuer', issuer, 'subject', subject, 'email', email,
            'linked_at', linked_at, 'last_used_at', last_used_at
        ) as document
        from auth.federated_identity where user_id = $1 and identity_id > $2 order by identity_id limit $3
        """,
    ),
    Section(  # what others did to the account is theirs as well: their devices and addresses aren't told
        "audit_log.json",
        """
        select audit_entry_id as key, json_build_object(
            'id', audit_entry_id, 'at', at, 'action', action, 'user_id', user_id,
            'actor', case actor_id when $1 then 'you' else case when actor_id is not null then 'another' end end,
            'session_id', session_id, 'details', details,
            'address_prefix', case when actor_id is null or actor_id = $1 then address_prefix end,
            'user_agent', case when actor_id is null or actor_id = $1 then user_agent end
        ) as document
        from auth.audit_entry where user_id = $1 and audit_entry_id > $2 order by audit_entry_id limit $3
        """,
    ),
)


class ExportRepository:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def documents(self, section: Section, user_id: UUID) -> AsyncIterator[str]:
        """Yield the section's rows as JSON, in the order of their ids. No connection is held between two of them."""
        after, rows = LOWEST, _BATCH
        while rows == _BATCH:
            found = await self._database.fetch(section.sql, user_id, after, _BATCH)
            for row in found:
                yield row["document"]
            rows = len(found)
            after = found[-1]["key"] if found else after
