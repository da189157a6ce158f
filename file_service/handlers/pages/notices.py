"""What a page tells after the one before has done something: permanent codes, and what a person reads."""

from shared.web.pages.notices import Notice

MESSAGES = {
    "file_stored": "The file is stored.",
    "file_deleted": "The file is deleted.",
}


def notice(code: str, **shown: str | list[str]) -> Notice:
    assert code in MESSAGES
    return Notice(code, shown)
