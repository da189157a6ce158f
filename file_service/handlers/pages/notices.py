"""What a page tells after the one before has done something: permanent codes, and what a person reads."""

from shared.web.pages.notices import Notice

MESSAGES = {
    "file_stored": "The file is stored.",
    "file_deleted": "The file is deleted.",
    "file_renamed": "The file has a new name.",
    "file_published": "Anybody can read the file now.",
    "file_made_private": "The file is private again.",
    "share_made": "The link is made.",
    "share_revoked": "The link is revoked.",
    "upload_link_made": "The link is made.",
    "upload_link_revoked": "The link is revoked. What came by it stays.",
    "file_sent": "Thank you, the file has arrived.",
}


def notice(code: str, **shown: str | list[str]) -> Notice:
    assert code in MESSAGES
    return Notice(code, shown)
