from collections.abc import Mapping

from aiohttp import web

from auth_service.domain.audit import AuditFilter
from auth_service.domain.user_agents import read_agent
from auth_service.handlers.audit import AUDIT
from auth_service.handlers.federation import FEDERATION
from auth_service.messages.audit import present_own_entry
from shared.web.context import identity_of
from shared.web.pages.answers import View
from shared.web.paging import PageQuery, decode_cursor, make_page

# What a person reads for an action; one that isn't here, as of a newer release, is shown by its name.
TEXTS = {
    "registered": "The account was made",
    "signed_in": "Signed in",
    "signed_out": "Signed out",
    "session_ended": "A session was ended",
    "refresh_token_reused": "An old refresh token was used again",
    "sign_in_code_reused": "The code that began a session was used again",
    "account_exported": "Your data was downloaded",
    "identity_linked": "A linked account was added",
    "identity_unlinked": "A linked account was removed",
    "imported": "The account came from another system",
    "attempt_refused": "Somebody tried a wrong password or code",
    "attempts_exhausted": "Somebody tried too many passwords or codes",
    "password_changed": "The password was changed",
    "password_voided": "The password was voided",
    "password_reset": "The password was set anew by mail",
    "api_key_created": "An API key was made",
    "api_key_deleted": "An API key was revoked",
    "roles_changed": "Your roles were changed",
    "account_banned": "The account was banned",
    "account_unbanned": "The account's ban was lifted",
    "signed_out_everywhere": "Signed out everywhere",
    "second_factor_asked": "A second factor was asked for",
    "second_factor_enrolment_asked": "A second factor had to be added",
    "second_factor_refused": "A second factor was wrong",
    "stepped_up": "You proved anew that it is you",
    "factor_added": "A second factor was added",
    "factor_removed": "A second factor was removed",
    "factors_reset": "All second factors were removed",
    "recovery_codes_made": "Recovery codes were made",
    "recovery_code_used": "A recovery code was used",
    "passkey_counter_regressed": "A passkey may have been copied",
    "email_verified": "The address was confirmed",
    "email_change_requested": "A new address was asked for",
    "email_changed": "The address was changed",
    "email_change_undone": "The change of address was undone",
    "mail_settings_changed": "Wishes about mail were changed",
}
FACTORS = {"totp": "Authenticator app", "passkey": "Passkey"}


async def show_activity(request: web.Request, query: PageQuery) -> View:
    """What happened to the account lately, newest first."""
    user_id = identity_of(request).user_id
    scope = f"own audit {user_id}"
    wanted, before = AuditFilter(user_id=user_id), decode_cursor(scope, query.cursor)
    found = await request.app[AUDIT].list_page(wanted, before, query.limit + 1)
    page = make_page(scope, found, query.limit, key=lambda each: each.audit_entry_id, present=present_own_entry)
    entries = [
        (each, TEXTS.get(each.action, each.action), _about(request, each.details), read_agent(each.user_agent))
        for each in page.items
    ]
    return View("account/activity.html", {"entries": entries, "next_cursor": page.next_cursor})


def _about(request: web.Request, details: Mapping[str, str]) -> str:
    """Return which factor or provider it was, as its own page calls it; empty for what is about neither."""
    provider = details.get("provider", "")
    known = request.app[FEDERATION].providers.get(provider)
    return known.label if known is not None else provider or FACTORS.get(details.get("factor", ""), "")
