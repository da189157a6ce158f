"""Whatever this schema keeps of a person is exported and goes with the account, or stands here with the reason."""

import re

from auth_service.repository.export import SECTIONS
from tests.integration.auth_service.world import AuthService

# Columns that no export tells of.
_LEFT_OUT = {
    "account.password_hash": "a secret; password_changed_at shows whether there is one",
    "session.secret_hash": "stands for a secret",
    "session.replaced_hash": "stands for a secret, and replaced_at is when it was one",
    "session.replaced_at": "",
    "session.confirmed_generation": "bookkeeping of refreshes, as the next two",
    "session.window_started_at": "",
    "session.window_count": "",
    "api_key.secret_hash": "stands for a secret",
    "known_device.fingerprint": "a MAC that nobody can read",
    "totp.secret": "a secret",
    "totp.last_used_step": "told as last_used_at",
    "recovery_code.code_hash": "stands for a secret",
    "one_time_token.token_hash": "stands for a secret",
}
_SHORT_LIVED = {"pending_sign_in"}  # gone within minutes
_OUTLIVES_THE_ACCOUNT = {"audit_entry"}  # see docs/auth/export.md

_TABLES_OF_PEOPLE = """
    select table_name::text, array_agg(column_name::text) as columns from information_schema.columns
    where table_schema = 'auth' and table_name in (
        select table_name from information_schema.columns where table_schema = 'auth' and column_name = 'user_id'
    ) group by table_name order by table_name
"""


async def test_every_column_of_a_person_is_exported_or_excused(service: AuthService) -> None:
    missing = [
        f"{row['table_name']}.{column}"
        for row in await service.admin.fetch(_TABLES_OF_PEOPLE)
        if row["table_name"] not in _SHORT_LIVED
        for column in row["columns"]
        if not _tells(row["table_name"], column) and f"{row['table_name']}.{column}" not in _LEFT_OUT
    ]
    assert not missing, f"{missing}: add them to auth_service/repository/export.py, or say here why not"


def _tells(table: str, column: str) -> bool:
    """Whether a section that reads the table speaks of the column."""
    read = "".join(section.sql for section in SECTIONS if re.search(rf"\bauth\.{table}\b", section.sql))
    return re.search(rf"\b{column}\b", read) is not None


async def test_every_table_of_people_goes_with_the_account(service: AuthService) -> None:
    tables = {row["table_name"] for row in await service.admin.fetch(_TABLES_OF_PEOPLE)} - {"account"}
    rows = await service.admin.fetch(
        """
        select conrelid::regclass::text as name from pg_constraint
        where contype = 'f' and confrelid = 'auth.account'::regclass and confdeltype = 'c'
        """
    )
    bound = {row["name"].removeprefix("auth.") for row in rows}
    assert tables - bound == _OUTLIVES_THE_ACCOUNT
