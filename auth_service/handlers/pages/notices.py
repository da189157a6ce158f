"""What a page tells after the one before has done something: permanent codes, and what a person reads."""

from shared.web.pages.notices import Notice

MESSAGES = {
    "signed_out": "You are signed out.",
    "password_changed": "Your password is changed, and all your other sessions are ended.",
    "session_ended": "The session is ended.",
    "other_sessions_ended": "All your other sessions are ended.",
    "api_key_created": "The key is made.",
    "api_key_deleted": "The key is revoked.",
    "link_begun": "Almost there: go on to the other account.",
    "identity_unlinked": "The account is no longer linked.",
    "mail_sent": "If the address has an account here, a mail is on its way to it.",
    "email_verified": "Your address is confirmed.",
    "password_reset": "Your password is new, and all sessions are ended. Sign in with it.",
    "email_change_asked": "A mail is on its way to the new address. It counts once its link is followed.",
    "email_changed": "Your address is changed.",
    "email_change_undone": "Your old address is back, and all sessions are ended. A mail tells you how to go on.",
    "mail_settings_changed": "Your wishes are noted.",
    "app_added": "The authenticator app is added.",
    "app_removed": "The authenticator app is removed.",
    "passkey_added": "The passkey is added.",
    "passkey_removed": "The passkey is removed.",
    "recovery_codes_renewed": "The recovery codes are new; the old ones are void.",
    "account_deleted": "Your account is deleted, with everything in it.",
}


def notice(code: str, **shown: str | list[str]) -> Notice:
    assert code in MESSAGES
    return Notice(code, shown)
