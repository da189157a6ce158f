"""How the two secrets look that a client may show in an access token's place; who they stand for is another matter.

An API key is `colk_` and the secret. A browser session's cookie is the session's id in 32 hex digits, `_` and the
secret: the id says which session it is, without saying anything about whether it is genuine.
"""

from uuid import UUID

from shared.opaque_tokens import is_sound, mint

API_KEY_LABEL = "colk_"
_ID_LENGTH = 32


def new_api_key() -> str:
    return mint(API_KEY_LABEL)


def is_api_key(text: str) -> bool:
    """Whether the text has the form of an API key, checksum included."""
    return is_sound(text, API_KEY_LABEL)


def new_session_cookie(session_id: UUID) -> str:
    return mint(f"{session_id.hex}_")


def session_in_cookie(text: str) -> UUID | None:
    """Return the id of the session that the cookie claims to be of; none if we can't have made it."""
    try:
        session_id = UUID(text[:_ID_LENGTH])
    except ValueError:
        return None
    return session_id if is_sound(text, f"{session_id.hex}_") else None
