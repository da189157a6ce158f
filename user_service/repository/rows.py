"""What a row of `users.profile` means."""

from asyncpg import Record

from user_service.domain import Profile, Visibility

COLUMNS = """
    user_id, display_name, bio, visibility, created_at, updated_at, version, avatar, banned_until > now() as banned
"""


def present(row: Record) -> Profile:
    """Return the profile; asyncpg tells times in UTC."""
    return Profile(
        row["user_id"],
        row["display_name"],
        row["bio"],
        Visibility(row["visibility"]),
        row["created_at"],
        row["updated_at"],
        row["version"],
        row["avatar"],
        bool(row["banned"]),
    )
