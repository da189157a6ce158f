"""What a row of `users.profile` means."""

from asyncpg import Record

from user_service.domain import Profile, Visibility


def present(row: Record) -> Profile:
    """Return the profile; asyncpg tells times in UTC."""
    return Profile(
        user_id=row["user_id"],
        display_name=row["display_name"],
        bio=row["bio"],
        visibility=Visibility(row["visibility"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        version=row["version"],
    )
