from datetime import UTC, datetime

from file_service.storage.presign import SigningKey
from shared.settings import Secret

KEY = SigningKey(
    "AKIAIOSFODNN7EXAMPLE", Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), Secret(""), region="us-east-1"
)
NOW = datetime(2013, 5, 24, tzinfo=UTC)
URL = "https://examplebucket.s3.amazonaws.com/test.txt"


def test_the_signature_is_that_of_the_published_example() -> None:
    """Amazon's documentation of Signature Version 4 computes this one."""
    signed = KEY.presign(URL, {}, NOW, 86_400)
    assert signed == (
        f"{URL}?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )


def test_everything_asked_for_is_signed() -> None:
    signatures = {
        KEY.presign(url, query, NOW, seconds).rpartition("=")[2]
        for url in (URL, URL + "2")
        for query in ({}, {"response-content-type": "text/plain"})
        for seconds in (60, 61)
    }
    assert len(signatures) == 8


def test_odd_characters_are_escaped_once() -> None:
    signed = KEY.presign("https://h/a b/%", {"response-content-disposition": 'attachment; filename="ä b"'}, NOW, 60)
    assert signed.startswith("https://h/a%20b/%25?")
    assert "response-content-disposition=attachment%3B%20filename%3D%22%C3%A4%20b%22&" in signed + "&"


def test_a_temporary_credentials_token_goes_along() -> None:
    key = SigningKey("AK", Secret("hidden"), Secret("t/k"), region="eu-central-1")
    assert "&X-Amz-Security-Token=t%2Fk" in key.presign(URL, {}, NOW, 60)
    assert "hidden" not in repr(key)
