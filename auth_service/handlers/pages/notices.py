"""What a page tells after the one before has done something: permanent codes, and what a person reads."""

from shared.web.pages.notices import Notice

MESSAGES = {
    "signed_out": "You are signed out.",
    "password_changed": "Your password is changed, and all your other sessions are ended.",
    "session_ended": "The session is ended.",
    "other_sessions_ended": "All your other sessions are ended.",
    "api_key_created": "The key is made.",
    "api_key_deleted": "The key is revoked.",
    "account_deleted": "Your account is deleted, with everything in it.",
}


def notice(code: str, **shown: str | list[str]) -> Notice:
    assert code in MESSAGES
    return Notice(code, shown)
