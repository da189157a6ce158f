"""docs/problems.md says what the code does, and every failure has a code of its own."""

import re

from shared.errors import AppError
from shared.web.problem_docs import known_errors, render_page
from tests.stores import ROOT

PROGRAMS = ("gateway", "auth_service", "user_service", "file_service")
ERRORS = known_errors(PROGRAMS)


def subclasses(kind: type[AppError]) -> set[type[AppError]]:
    found = set(kind.__subclasses__())
    return found.union(*(subclasses(each) for each in found))


def test_problems_page_is_current() -> None:
    """`make problems` renews it."""
    assert (ROOT / "docs" / "problems.md").read_text(encoding="utf-8") == render_page(ERRORS)


def test_every_error_of_the_programs_is_known_by_a_code_of_its_own() -> None:
    ours = {each for each in subclasses(AppError) if each.__module__.split(".")[0] in ("shared", *PROGRAMS)}
    assert ours == set(ERRORS)
    assert len({error.code for error in ERRORS}) == len(ERRORS)


def test_codes_statuses_and_titles_are_well_formed() -> None:
    for error in ERRORS:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", error.code)
        assert 400 <= error.status < 600
        assert error.title[0].isupper()
        assert not error.title.endswith(".")
        assert "|" not in error.title + (error.__doc__ or "")


def test_codes_are_never_taken_back() -> None:
    """A code is permanent API: clients decide by it. Add new ones; never rename or drop one that was released."""
    released = {
        "bad_request", "email_taken", "file_too_large", "forbidden", "idempotency_key_in_use", "idempotency_key_reused",
        "internal_error", "invalid_credentials", "invalid_email", "invalid_parameter", "invalid_refresh_token",
        "invalid_token", "malformed_body", "method_not_allowed", "not_found", "precondition_failed", "quota_exceeded",
        "rate_limited", "session_expired", "session_revoked", "unauthenticated", "unavailable",
        "unsupported_media_type", "weak_password", "wrong_password",
    }  # fmt: skip
    assert released <= {error.code for error in ERRORS}
