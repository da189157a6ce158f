"""What a row of `users.profile` means."""

from asyncpg import Record

from user_service.domain import Profile, Visibility


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
    )
